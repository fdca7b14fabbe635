#include "base/clock.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>

namespace symbolon {
namespace {

class SystemClock final : public Clock {
 public:
  UnixSeconds now() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::seconds>(since).count()};
  }
};

struct Unit {
  char letter;
  std::int64_t seconds;
  std::string_view word;
};
constexpr Unit kUnits[] = {{'y', 365 * 86400, "year"}, {'w', 7 * 86400, "week"}, {'d', 86400, "day"},
                           {'h', 3600, "hour"},        {'m', 60, "minute"},      {'s', 1, "second"}};

// Exactly `digits` decimal digits at `at`; -1 if they are not there.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return -1;
  int value = 0;
  for (const char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// 0000-01-01T00:00:00Z to 9999-12-31T23:59:59Z: what RFC 3339 can write.
bool has_four_digit_year(std::int64_t seconds) { return seconds >= -62167219200 && seconds <= 253402300799; }

bool has(std::string_view text, std::size_t at, std::string_view any) {
  return at < text.size() && any.find(text[at]) != std::string_view::npos;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock kClock;
  return kClock;
}

std::string to_rfc3339(UnixSeconds time) {
  using namespace std::chrono;
  // What has no four digits for its year is said as the nearest that has.
  constexpr std::int64_t kFirst = -62'167'219'200;
  constexpr std::int64_t kLast = 253'402'300'799;
  const sys_seconds point{seconds{std::clamp(time.count, kFirst, kLast)}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{point - day};
  std::string out = "0000-00-00T00:00:00Z";  // by hand: certificates, CRLs and OCSP responses are full of them
  const auto put = [&out](std::size_t last, std::int64_t number) {
    for (std::size_t at = last; number > 0; --at, number /= 10) out[at] = static_cast<char>('0' + number % 10);
  };
  put(3, static_cast<int>(date.year()));
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, clock.hours().count());
  put(15, clock.minutes().count());
  put(18, clock.seconds().count());
  return out;
}

Result<UnixSeconds> parse_time(std::string_view text) {
  using namespace std::chrono;
  const auto bad = [&] {
    return fail(Code::bad_request, "'{}' is not a time (write 2026-11-21T09:48:34Z, 2026-11-21 or @1795254514)", text);
  };
  if (!text.empty() && text.front() == '@') {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || !has_four_digit_year(value)) return bad();
    return UnixSeconds{value};
  }
  const int y = number(text, 0, 4);
  const int mo = number(text, 5, 2);
  const int d = number(text, 8, 2);
  if (y < 0 || mo < 0 || d < 0 || !has(text, 4, "-") || !has(text, 7, "-")) return bad();
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok()) return bad();
  std::int64_t total = sys_days{date}.time_since_epoch().count() * kDay.count;
  if (text.size() == 10) return UnixSeconds{total};
  const int h = number(text, 11, 2);
  const int mi = number(text, 14, 2);
  const int s = number(text, 17, 2);
  if (!has(text, 10, "Tt ") || !has(text, 13, ":") || !has(text, 16, ":")) return bad();
  if (h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60) return bad();
  total += h * 3600 + mi * 60 + s;
  std::size_t at = 19;
  if (has(text, at, ".")) {
    ++at;
    const std::size_t first = at;
    while (has(text, at, "0123456789")) ++at;
    if (at == first) return bad();
  }
  if (has(text, at, "Zz") && text.size() == at + 1) return UnixSeconds{total};
  const int oh = number(text, at + 1, 2);
  const int om = number(text, at + 4, 2);
  if (!has(text, at, "+-") || !has(text, at + 3, ":") || text.size() != at + 6) return bad();
  if (oh < 0 || oh > 23 || om < 0 || om > 59) return bad();
  const std::int64_t offset = oh * 3600 + om * 60;
  total = text[at] == '+' ? total - offset : total + offset;
  if (!has_four_digit_year(total)) return bad();
  return UnixSeconds{total};
}

Result<Seconds> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::bad_request, "'{}' is not a duration (write a number and a unit: 90d, 12h, 15m, 30s, 2y)", text);
  };
  if (text.empty()) return bad();
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();  // 68 years; sums cannot overflow
  std::int64_t total = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t value = 0;
    const auto [after, problem] = std::from_chars(at, end, value);
    if (problem != std::errc{} || after == end || value < 0) return bad();
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (candidate.letter == *after) unit = &candidate;
    }
    if (unit == nullptr || value > kMost / unit->seconds) return bad();
    total += value * unit->seconds;
    if (total > kMost) return bad();
    at = after + 1;
  }
  return Seconds{total};
}

std::string to_text(Seconds span) {
  if (span.count <= 0) return "0s";
  std::string out;
  std::int64_t rest = span.count;
  for (const Unit& unit : kUnits) {
    if (unit.letter == 'y' || unit.letter == 'w') continue;
    if (const std::int64_t n = rest / unit.seconds; n > 0) out += fmt::format("{}{}", n, unit.letter);
    rest %= unit.seconds;
  }
  return out;
}

std::string to_words(Seconds span) {
  const std::int64_t total = std::abs(span.count);
  for (const Unit& unit : kUnits) {
    if (unit.letter == 'w' || (unit.letter == 'y' && total < 2 * unit.seconds)) continue;
    if (const std::int64_t n = total / unit.seconds; n > 0)
      return fmt::format("{} {}{}", n, unit.word, n == 1 ? "" : "s");
  }
  return "0 seconds";
}

}  // namespace symbolon
