#include "api/feed_block.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "api/codec.h"

namespace symbolon::api {
namespace {

constexpr std::size_t kLongestSerial = 20;   // RFC 5280 §4.1.2.2
constexpr std::uint8_t kInvalidSince = 128;  // beside the size of the serial
constexpr std::size_t kFixed = 12;           // octets of an entry before invalid_since
constexpr std::size_t kTime = 8;
constexpr std::size_t kLongestHead = std::size_t{1} << 20;  // octets of a page's JSON

template <typename T>
void append_number(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) out += static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t number_at(std::string_view octets, std::size_t place, std::size_t size) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < size; ++i) out = out << 8 | static_cast<std::uint8_t>(octets[place + i]);
  return out;
}

UnixSeconds time_at(std::string_view octets, std::size_t place) {
  return {static_cast<std::int64_t>(number_at(octets, place, kTime))};
}

bool is_reason(std::uint8_t octet) {
  switch (static_cast<RevocationReason>(octet)) {
    case RevocationReason::unspecified:
    case RevocationReason::key_compromise:
    case RevocationReason::ca_compromise:
    case RevocationReason::affiliation_changed:
    case RevocationReason::superseded:
    case RevocationReason::cessation_of_operation:
    case RevocationReason::certificate_hold:
    case RevocationReason::remove_from_crl:
    case RevocationReason::privilege_withdrawn: return true;
  }
  return false;
}

// One form each: a zero octet leads nothing but zero itself.
bool is_serial(std::string_view octets) {
  return !octets.empty() && octets.size() <= kLongestSerial && (octets.front() != '\0' || octets.size() == 1);
}

}  // namespace

void append_packed(std::string& out, const PackedEntry& entry) {
  append_number(out, entry.issuer);
  out += static_cast<char>(entry.reason);
  out += static_cast<char>(entry.serial.size() | (entry.invalid_since ? kInvalidSince : 0U));
  append_number(out, static_cast<std::uint64_t>(entry.at.count));
  if (entry.invalid_since) append_number(out, static_cast<std::uint64_t>(entry.invalid_since->count));
  out += as_text(entry.serial);
}

std::string_view packed_after(std::string_view entries, std::size_t count) {
  for (; count > 0 && entries.size() >= kFixed; --count) {
    const auto size = static_cast<std::uint8_t>(entries[3]);
    const std::size_t octets =
        kFixed + ((size & kInvalidSince) != 0 ? kTime : 0) + (size & ~std::size_t{kInvalidSince});
    entries.remove_prefix(std::min(octets, entries.size()));
  }
  return entries;
}

Result<std::string> block_head(std::int64_t first, const std::vector<std::string>& issuers) {
  if (issuers.size() > FeedBlock::kMostIssuers) return fail(Code::bad_request, "{} issuers", issuers.size());
  std::string out;
  append_number(out, static_cast<std::uint64_t>(first));
  append_number(out, static_cast<std::uint16_t>(issuers.size()));
  for (const std::string& issuer : issuers) {
    const Bytes octets = TRY(from_hex(issuer));
    if (octets.size() != FeedBlock::kIssuerOctets) return fail(Code::bad_request, "'{}' is no issuer", issuer);
    out += as_text(octets);
  }
  return out;
}

std::optional<PackedEntry> FeedBlock::take(std::string_view& rest) {
  if (rest.size() < kFixed) return std::nullopt;
  const auto size = static_cast<std::uint8_t>(rest[3]);
  const std::size_t serial_size = size & ~std::size_t{kInvalidSince};
  const std::size_t serial_at = kFixed + ((size & kInvalidSince) != 0 ? kTime : 0);
  if (rest.size() < serial_at + serial_size) return std::nullopt;
  const std::string_view serial = rest.substr(serial_at, serial_size);
  const auto reason = static_cast<std::uint8_t>(rest[2]);
  if (!is_reason(reason) || !is_serial(serial)) return std::nullopt;
  PackedEntry out{.issuer = static_cast<std::uint16_t>(number_at(rest, 0, 2)),
                  .reason = static_cast<RevocationReason>(reason),
                  .at = time_at(rest, 4),
                  .serial = as_bytes(serial)};
  if (serial_at != kFixed) out.invalid_since = time_at(rest, kFixed);
  rest.remove_prefix(serial_at + serial_size);
  return out;
}

Result<FeedBlock> FeedBlock::parse(std::string_view octets) {
  constexpr std::size_t kHead = 10;
  if (octets.size() < kHead || octets.size() > kMostOctets) {
    return fail(Code::bad_request, "a block of {} octets", octets.size());
  }
  FeedBlock out;
  out.octets_ = octets;
  const std::uint64_t first = number_at(octets, 0, 8);
  const auto issuers = static_cast<std::size_t>(number_at(octets, 8, 2));
  if (first == 0 || first > std::numeric_limits<std::int64_t>::max() - kMostOctets) {
    return fail(Code::bad_request, "a block begins with the number {}", first);
  }
  if (issuers > kMostIssuers || octets.size() < kHead + issuers * kIssuerOctets) {
    return fail(Code::bad_request, "a block of {} issuers in {} octets", issuers, octets.size());
  }
  out.first_ = static_cast<std::int64_t>(first);
  out.issuers_ = octets.substr(kHead, issuers * kIssuerOctets);
  out.entries_ = octets.substr(kHead + issuers * kIssuerOctets);
  for (std::string_view rest = out.entries_; !rest.empty(); ++out.size_) {
    const std::size_t at = octets.size() - rest.size();
    const auto entry = take(rest);
    if (!entry || entry->issuer >= issuers) return fail(Code::bad_request, "what stands at octet {} is no entry", at);
  }
  if (out.size_ == 0) return fail(Code::bad_request, "a block without entries");
  return out;
}

FeedEntry FeedBlock::entry(std::int64_t number, const PackedEntry& packed) const {
  return {.number = number,
          .issuer = to_hex(issuer(packed.issuer)),
          .serial = to_hex(packed.serial),
          .reason = packed.reason,
          .at = packed.at,
          .invalid_since = packed.invalid_since};
}

std::string encode_packed(const FeedPage& page) {
  const std::string head = encode(page);
  std::string out;
  out.reserve(4 + head.size() + page.block.size());
  append_number(out, static_cast<std::uint32_t>(head.size()));
  out += head;
  out += page.block;
  return out;
}

Result<FeedPage> decode_packed(std::string_view octets) {
  if (octets.size() < 4) return fail(Code::bad_request, "a page of {} octets", octets.size());
  const auto head = static_cast<std::size_t>(number_at(octets, 0, 4));
  octets.remove_prefix(4);
  if (head > kLongestHead || head > octets.size()) {
    return fail(Code::bad_request, "a page whose JSON has {} octets, of {}", head, octets.size());
  }
  auto page = TRY(decode_answer<FeedPage>(octets.substr(0, head)));
  if (!page.entries.empty()) return fail(Code::bad_request, "entries in the JSON of a packed page");
  octets.remove_prefix(head);
  if (octets.empty()) return page;
  std::ignore = TRY(FeedBlock::parse(octets));
  page.block = std::string(octets);
  return page;
}

}  // namespace symbolon::api
