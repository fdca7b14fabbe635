#include "revocation/der_time.h"

#include <array>

namespace symbolon::revocation {
namespace {

namespace der = x509::der;

// Days since 1970-01-01 of a date of the Gregorian calendar.
std::int64_t days_of(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return static_cast<std::int64_t>(era) * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
         day_of_year - 719468;
}

}  // namespace

// RFC 5280 §4.1.2.5.1 and §4.1.2.5.2: with seconds, in UTC ("Z"), without fractions.
std::optional<UnixSeconds> time_of(const der::Element& element) {
  constexpr std::size_t kMostPairs = 7;  // of digits
  const ByteView text = element.content;
  const bool is_utc = element.tag == der::tag::utc_time;
  const std::size_t pairs = is_utc ? 6 : 7;
  if ((!is_utc && element.tag != der::tag::generalized_time) || text.size() != 2 * pairs + 1 || text.back() != 'Z') {
    return {};
  }
  std::array<int, kMostPairs> numbers{};
  for (std::size_t i = 0; i < pairs; ++i) {
    const int tens = text[2 * i] - '0';
    const int ones = text[2 * i + 1] - '0';
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return {};
    numbers[i] = tens * 10 + ones;
  }
  const int year = is_utc ? numbers[0] + (numbers[0] >= 50 ? 1900 : 2000) : numbers[0] * 100 + numbers[1];
  const auto part = [&](std::size_t index) { return numbers[pairs - 5 + index]; };
  static constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year == 0 || part(0) < 1 || part(0) > 12 || part(1) < 1 || part(1) > kDays[part(0) - 1] || part(2) > 23 ||
      part(3) > 59 || part(4) > 59) {
    return {};
  }
  return UnixSeconds{days_of(year, part(0), part(1)) * 86400 + part(2) * 3600 + part(3) * 60 + part(4)};
}

Result<UnixSeconds> read_time(const DerMessage& message, der::Reader& reader, std::string_view what) {
  const ByteView at = reader.rest();
  const auto element = reader.next();
  const auto time = element ? time_of(*element) : std::nullopt;
  if (!time) return message.malformed(at, fmt::format("{} is no time", what));
  return *time;
}

}  // namespace symbolon::revocation
