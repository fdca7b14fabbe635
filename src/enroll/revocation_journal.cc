#include "enroll/revocation_journal.h"

#include <algorithm>
#include <map>

#include "net/crc32c.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;

constexpr std::size_t kHead = 8;
constexpr std::size_t kDigest = 32;
constexpr std::size_t kLongestRecord = 256;

template <typename T>
void append_number(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) out += static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
}

void append_octets(std::string& out, ByteView octets) { out += as_text(octets); }

void append_record(std::string& out, std::string_view body) {
  append_number(out, static_cast<std::uint32_t>(body.size()));
  append_number(out, net::crc32c(as_bytes(body)));
  out += body;
}

// Reads a record's fields; once something is missing, everything is.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}
  std::uint64_t number(std::size_t octets) {
    std::uint64_t out = 0;
    for (const char c : take(octets)) out = out << 8 | static_cast<std::uint8_t>(c);
    return out;
  }
  std::int64_t signed_number() { return static_cast<std::int64_t>(number(8)); }
  std::string_view take(std::size_t octets) {
    if (rest_.size() < octets) {
      whole_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view out = rest_.substr(0, octets);
    rest_.remove_prefix(octets);
    return out;
  }
  std::string_view rest() { return std::exchange(rest_, {}); }
  bool whole() const { return whole_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool whole_ = true;
};

void copy(std::string_view from, crypto::Sha256& to) {
  std::transform(from.begin(), from.end(), to.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
}

class Reader {
 public:
  Reader(JournalEnd& end, const JournalVisitor& visitor) : end_(end), visitor_(visitor) {}

  // Whether it is one.
  bool take(std::string_view record) {
    Fields fields(record.substr(1));
    switch (record.front()) {
      case 'I': return issuer(fields);
      case 'E': return entry(fields);
      case 'P': return place(fields);
      default: return false;
    }
  }

 private:
  bool issuer(Fields& fields) {
    const std::string_view octets = fields.take(kDigest);
    const std::string_view name = fields.take(kDigest);
    if (!fields.whole()) return false;
    IssuerKey key;
    copy(octets, key.octets);
    copy(name, key.name);
    issuers_.insert_or_assign(std::string(octets), key);
    visitor_.issuer(key);
    return true;
  }
  bool entry(Fields& fields) {
    std::ignore = fields.signed_number();
    const UnixSeconds at{fields.signed_number()};
    std::ignore = fields.take(1);
    const auto issuer = issuers_.find(fields.take(kDigest));
    const auto serial = x509::SerialNumber::from_magnitude(as_bytes(fields.rest()));
    if (!fields.whole() || issuer == issuers_.end() || !serial) return false;
    visitor_.entry(issuer->second, *serial, at);
    ++end_.entries;
    return true;
  }
  bool place(Fields& fields) {
    FeedPlace place{.number = fields.signed_number(), .digest = {}};
    const UnixSeconds heard{fields.signed_number()};
    const std::string_view digest = fields.rest();
    if (!fields.whole() || place.number < 0 || digest.empty() != (place.number == 0)) return false;
    if (!digest.empty() && digest.size() != kDigest) return false;
    place.digest = to_hex(as_bytes(digest));
    end_.place = std::move(place);
    end_.heard = heard;
    return true;
  }

  JournalEnd& end_;
  const JournalVisitor& visitor_;
  std::map<std::string, IssuerKey, std::less<>> issuers_;
};

}  // namespace

JournalEnd read_journal(std::string_view content, const JournalVisitor& visitor) {
  JournalEnd end;
  Reader reader(end, visitor);
  std::string_view rest = content;
  while (rest.size() > kHead) {
    Fields head(rest.substr(0, kHead));
    const auto size = static_cast<std::size_t>(head.number(4));
    const auto checksum = static_cast<std::uint32_t>(head.number(4));
    if (size == 0 || size > kLongestRecord || size > rest.size() - kHead) break;
    const std::string_view record = rest.substr(kHead, size);
    if (net::crc32c(as_bytes(record)) != checksum || !reader.take(record)) break;
    rest.remove_prefix(kHead + size);
  }
  end.good = content.size() - rest.size();
  end.lost = rest.size();
  return end;
}

std::string journal_records(const std::vector<IssuerKey>& new_issuers, const api::FeedPage& page,
                            const FeedPlace& place, UnixSeconds heard) {
  std::string out;
  for (const IssuerKey& key : new_issuers) {
    std::string body = "I";
    append_octets(body, key.octets);
    append_octets(body, key.name);
    append_record(out, body);
  }
  for (const api::FeedEntry& entry : page.entries) {
    const auto issuer = from_hex(entry.issuer);
    const auto serial = x509::SerialNumber::parse(entry.serial);
    if (!issuer || !serial) continue;  // the page was read before
    std::string body = "E";
    append_number(body, static_cast<std::uint64_t>(entry.number));
    append_number(body, static_cast<std::uint64_t>(entry.at.count));
    body += static_cast<char>(entry.reason);
    append_octets(body, *issuer);
    append_octets(body, serial->magnitude());
    append_record(out, body);
  }
  std::string body = "P";
  append_number(body, static_cast<std::uint64_t>(place.number));
  append_number(body, static_cast<std::uint64_t>(heard.count));
  if (const auto digest = from_hex(place.digest)) append_octets(body, *digest);
  append_record(out, body);
  return out;
}

}  // namespace symbolon::enroll
