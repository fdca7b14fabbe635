#include "enroll/journal_records.h"

#include <algorithm>
#include <map>
#include <utility>

#include "enroll/journal_file.h"
#include "net/crc32c.h"

namespace symbolon::enroll {
namespace {

using revocation::IssuerKey;

constexpr std::size_t kDigest = 32;
constexpr std::size_t kLongestRecord = 256;                             // but for blocks
constexpr std::size_t kLongestBlock = 1 + api::FeedBlock::kMostOctets;  // with its kind

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

void append_kept(std::string& out, UnixSeconds at, api::RevocationReason reason, ByteView issuer, ByteView serial) {
  std::string body = "K";
  append_number(body, std::uint64_t{0});
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

  // Takes the whole records that stand there, and says how many octets they have.
  std::size_t take_all(std::string_view octets) {
    std::size_t used = 0;
    while (!broken_ && octets.size() - used > kRecordHead) {
      Fields head(octets.substr(used, kRecordHead));
      const auto size = static_cast<std::size_t>(head.number(4));
      const auto checksum = static_cast<std::uint32_t>(head.number(4));
      const char kind = octets[used + kRecordHead];
      broken_ = size == 0 || size > (kind == 'B' ? kLongestBlock : kLongestRecord);
      if (broken_ || size > octets.size() - used - kRecordHead) break;
      const std::string_view record = octets.substr(used + kRecordHead, size);
      broken_ = net::crc32c(as_bytes(record)) != checksum || !take(record);
      if (broken_) break;
      used += kRecordHead + size;
      end_.good += kRecordHead + size;
      if (kind == 'P') end_.marked = end_.good;
      if (kind == 'P' || kind == 'H') end_.marks += kRecordHead + size;
      if (visitor_.record) visitor_.record(kind, octets.substr(used - kRecordHead - size, kRecordHead + size));
    }
    return used;
  }

 private:
  // Whether it is one.
  bool take(std::string_view record) {
    Fields fields(record.substr(1));
    switch (record.front()) {
      case 'I': return issuer(fields);
      case 'B': return block(record.substr(1));
      case 'E': end_.earlier_version = true; return entry(fields);
      case 'K': return entry(fields);
      case 'H': return head(fields);
      case 'P': return place(fields);
      default: return false;
    }
  }
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
  bool block(std::string_view octets) {
    const auto block = api::FeedBlock::parse(octets);
    if (!block || block->first() != last_ + 1) return false;
    std::vector<const IssuerKey*> issuers;
    for (std::size_t i = 0; i < block->issuers(); ++i) {
      const auto known = issuers_.find(as_text(block->issuer(i)));
      if (known == issuers_.end()) return false;
      issuers.push_back(&known->second);
    }
    last_ = block->last();
    end_.entries += block->size();
    if (visitor_.block) visitor_.block(*block);
    block->for_each([&](const api::PackedEntry& entry) {
      visitor_.entry({*issuers[entry.issuer], *x509::SerialNumber::from_magnitude(entry.serial), entry.at,
                      effect_of(entry.reason)});
    });
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
  bool head(Fields& fields) {
    KeptHead out;
    out.head.head.kind = revocation::HeadKind::feed;
    out.head.head.count = fields.number(8);
    out.head.head.time = {fields.signed_number()};
    const std::string_view hash = fields.take(kDigest);
    out.key = to_bytes(as_bytes(fields.take(static_cast<std::size_t>(fields.number(2)))));
    out.head.signature = to_bytes(as_bytes(fields.rest()));
    if (!fields.whole() || static_cast<std::int64_t>(out.head.head.count) > last_) return false;
    copy(hash, out.head.head.hash);
    end_.head = std::move(out);
    return true;
  }
  bool place(Fields& fields) {
    FeedPlace place{.number = fields.signed_number(), .digest = {}};
    const UnixSeconds heard{fields.signed_number()};
    const std::string_view digest = fields.rest();
    if (!fields.whole() || place.number < 0 || digest.empty() != (place.number == 0)) return false;
    if (!digest.empty() && digest.size() != kDigest) return false;
    if (!end_.earlier_version && place.number != last_) return false;
    place.digest = to_hex(as_bytes(digest));
    end_.place = std::move(place);
    end_.heard = heard;
    return true;
  }

  JournalEnd& end_;
  const JournalVisitor& visitor_;
  std::map<std::string, IssuerKey, std::less<>> issuers_;
  std::int64_t last_ = 0;  // number of the newest entry of the blocks
  bool broken_ = false;
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
  Reader(end, visitor).take_all(content);
  end.lost = content.size() - end.good;
  return end;
}

Status read_journal(const Path& file, const JournalVisitor& visitor, JournalEnd& end) {
  end = {};
  Reader reader(end, visitor);
  std::uint64_t octets = 0;
  const Status outcome = read_in_pieces(file, kRecordHead + kLongestBlock, [&](std::string_view piece) {
    const std::size_t taken = reader.take_all(piece);
    octets = end.good + piece.size() - taken;
    return taken;
  });
  std::error_code ignored;
  const std::uintmax_t whole = std::filesystem::file_size(file, ignored);  // it may be far more than one piece
  end.lost = (ignored ? octets : std::max<std::uint64_t>(octets, whole)) - end.good;
  return outcome;
}

std::string journal_issuer(const IssuerKey& issuer) {
  std::string body = "I";
  append_octets(body, issuer.octets);
  append_octets(body, issuer.name);
  std::string out;
  append_record(out, body);
  return out;
}

std::string journal_block(std::string_view block) {
  std::string out;
  out.reserve(kRecordHead + 1 + block.size());
  std::string body = "B";
  body += block;
  append_record(out, body);
  return out;
}

std::string journal_head(const KeptHead& head) {
  std::string body = "H";
  append_number(body, head.head.head.count);
  append_number(body, static_cast<std::uint64_t>(head.head.head.time.count));
  append_octets(body, head.head.head.hash);
  append_number(body, static_cast<std::uint16_t>(head.key.size()));
  append_octets(body, head.key);
  append_octets(body, head.head.signature);
  std::string out;
  append_record(out, body);
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

std::string journal_kept(const revocation::RevocationSet& set) {
  std::string out;
  set.for_each([&](const IssuerKey& key) { out += journal_issuer(key); },
               [&](const IssuerKey& key, ByteView serial, UnixSeconds since, revocation::SerialState state) {
                 const bool held = state == revocation::SerialState::held;
                 append_kept(out, since,
                             held ? api::RevocationReason::certificate_hold : api::RevocationReason::unspecified,
                             key.octets, serial);
               });
  return out;
}

}  // namespace symbolon::enroll
