#include "enroll/revocation_journal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "net/crc32c.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;

constexpr std::size_t kHead = 8;
constexpr std::size_t kDigest = 32;
constexpr std::size_t kLongestRecord = 256;
constexpr std::uint64_t kLargestJournal = 4ULL << 30;        // octets
constexpr std::size_t kLargestEntry = 80;                    // octets on the disk
constexpr std::uint64_t kRoomBesideEntries = 1 << 20;        // octets: marks, mostly
constexpr std::size_t kMostPending = std::size_t{16} << 20;  // octets

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

void append_issuer(std::string& out, const IssuerKey& key) {
  std::string body = "I";
  append_octets(body, key.octets);
  append_octets(body, key.name);
  append_record(out, body);
}

void append_entry(std::string& out, std::int64_t number, UnixSeconds at, api::RevocationReason reason, ByteView issuer,
                  ByteView serial) {
  std::string body = "E";
  append_number(body, static_cast<std::uint64_t>(number));
  append_number(body, static_cast<std::uint64_t>(at.count));
  body += static_cast<char>(reason);
  append_octets(body, issuer);
  append_octets(body, serial);
  append_record(out, body);
}

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
    const auto reason = static_cast<api::RevocationReason>(fields.number(1));
    const auto issuer = issuers_.find(fields.take(kDigest));
    const auto serial = x509::SerialNumber::from_magnitude(as_bytes(fields.rest()));
    if (!fields.whole() || issuer == issuers_.end() || !serial) return false;
    visitor_.entry({issuer->second, *serial, at, effect_of(reason)});
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

revocation::Effect effect_of(api::RevocationReason reason) {
  if (reason == api::RevocationReason::certificate_hold) return revocation::Effect::held;
  if (reason == api::RevocationReason::remove_from_crl) return revocation::Effect::released;
  return revocation::Effect::revoked;
}

Result<IssuerKey> issuer_key(const std::string& hex) {
  const Bytes octets = TRY(from_hex(hex));
  IssuerKey key;
  if (octets.size() != key.octets.size() + key.name.size()) return fail(Code::bad_request, "'{}' is no issuer", hex);
  copy(as_text(octets).substr(0, key.octets.size()), key.octets);
  copy(as_text(octets).substr(key.octets.size()), key.name);
  return key;
}

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

std::string journal_records(const std::vector<IssuerKey>& new_issuers, const std::vector<api::FeedEntry>& entries) {
  std::string out;
  for (const IssuerKey& key : new_issuers) append_issuer(out, key);
  for (const api::FeedEntry& entry : entries) {
    const auto issuer = from_hex(entry.issuer);
    const auto serial = x509::SerialNumber::parse(entry.serial);
    if (issuer && serial) append_entry(out, entry.number, entry.at, entry.reason, *issuer, serial->magnitude());
  }
  return out;
}

std::string journal_mark(const FeedPlace& place, UnixSeconds heard) {
  std::string body = "P";
  append_number(body, static_cast<std::uint64_t>(place.number));
  append_number(body, static_cast<std::uint64_t>(heard.count));
  if (const auto digest = from_hex(place.digest)) append_octets(body, *digest);
  std::string out;
  append_record(out, body);
  return out;
}

std::string whole_journal(const revocation::RevocationSet& set, const FeedPlace& place, UnixSeconds heard) {
  std::string out;
  set.for_each([&](const IssuerKey& key) { append_issuer(out, key); },
               [&](const IssuerKey& key, ByteView serial, UnixSeconds since, revocation::SerialState state) {
                 const bool held = state == revocation::SerialState::held;
                 append_entry(out, 0, since,
                              held ? api::RevocationReason::certificate_hold : api::RevocationReason::unspecified,
                              key.octets, serial);
               });
  return out + journal_mark(place, heard);
}

RevocationJournal::RevocationJournal(Path file) : file_(std::move(file)) {
  owned();
  revocation::RevocationSet::Builder builder;
  auto content = read_file(file_, kLargestJournal);
  if (!content && content.error().code != Code::file_missing) log(LogLevel::error, content.error());
  anew_ = !content;
  const std::string text = content ? *std::move(content) : std::string();
  const JournalVisitor visitor{.issuer =
                                   [&](const IssuerKey& key) {
                                     builder.issuer(key, {});
                                     issuers_.insert(to_hex(key.octets) + to_hex(key.name));
                                   },
                               .entry = [&](const revocation::Change& change) { builder.change(change); }};
  const JournalEnd end = read_journal(text, visitor);
  if (end.lost != 0) {
    log(LogLevel::warning,
        fmt::format("{}: {} octets at its end cannot be read; the authority is asked again", file_.string(), end.lost));
  }
  found_ = {builder.build(), end.place, end.heard};
  place_ = end.place;
  marked_ = end.heard;
  size_ = text.size();
  anew_ = anew_ || end.lost != 0;
}

// While another process of this gateway drains, that one writes; afterwards the file is written anew.
bool RevocationJournal::owned() {
  if (lock_) return true;
  auto taken = FileLock::take(Path(file_.string() + ".lock"));
  if (!taken) return false;
  lock_ = std::move(*taken);
  anew_ = true;
  return true;
}

void RevocationJournal::add(const std::vector<std::string>& issuers, const std::vector<api::FeedEntry>& entries) {
  std::vector<IssuerKey> further;
  for (const std::string& issuer : issuers) {
    const auto key = issuer_key(issuer);
    if (key && issuers_.insert(issuer).second) further.push_back(*key);
  }
  if (anew_) return;  // the set will be written
  if (pending_.size() > kMostPending) {
    pending_.clear();
    anew_ = true;
    return;
  }
  pending_ += journal_records(further, entries);
}

void RevocationJournal::mark(const FeedPlace& place, UnixSeconds heard, Seconds period,
                             const revocation::RevocationSet& set) {
  const bool lately = marked_ && heard >= *marked_ && heard - *marked_ < period;
  if (!anew_ && pending_.empty() && place == place_ && lately) return;
  if (!owned()) return;
  if (size_ > kRoomBesideEntries + 2 * kLargestEntry * set.size()) anew_ = true;
  Status kept;
  if (anew_) {
    const std::string whole = whole_journal(set, place, heard);
    kept = write_file(file_, whole, {.mode = 0600, .existing = Existing::replace});
    size_ = whole.size();
  } else {
    const std::string records = pending_ + journal_mark(place, heard);
    kept = append_to_file(file_, records, 0600);
    size_ += records.size();
  }
  pending_.clear();
  anew_ = !kept;  // a part of it may stand there
  if (!kept) {
    if (!std::exchange(failed_, true)) log(LogLevel::error, kept.error());
    return;
  }
  if (std::exchange(failed_, false)) log(LogLevel::info, "revocations are kept on disk again");
  place_ = place;
  marked_ = heard;
}

}  // namespace symbolon::enroll
