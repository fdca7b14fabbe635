#include "tls/session_facts.h"

#include <algorithm>
#include <limits>

#include "revocation/issuer_key.h"

namespace symbolon::tls {
namespace {

// version (1) | full_handshake (8) | context (32) | links (1) | with links: not_after (8), and of each: issuer (32),
// octets of the serial (1), serial. Numbers are big-endian.
constexpr std::uint8_t kVersion = 1;

void append(Bytes& out, ByteView octets) { out.insert(out.end(), octets.begin(), octets.end()); }

void append(Bytes& out, UnixSeconds time) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(time.count) >> shift));
}

// What is left to read; after the first thing that is missing, everything is.
class Reader {
 public:
  explicit Reader(ByteView octets) : rest_(octets) {}

  ByteView take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const ByteView out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  std::uint8_t octet() {
    const ByteView one = take(1);
    return one.empty() ? std::uint8_t{0} : one[0];
  }
  UnixSeconds time() {
    std::uint64_t out = 0;
    for (const std::uint8_t octet : take(8)) out = out << 8 | octet;
    if (out > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) failed_ = true;
    return {static_cast<std::int64_t>(out)};
  }
  crypto::Sha256 digest() {
    crypto::Sha256 out{};
    std::ranges::copy(take(out.size()), out.begin());
    return out;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

 private:
  ByteView rest_;
  bool failed_ = false;
};

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::handshake_malformed, "session ticket: {}", what);
}

}  // namespace

std::vector<SessionFacts::Link> links_of(const std::vector<x509::Certificate>& path) {
  if (path.size() == 1) return {{crypto::sha256(path[0].issuer().canonical()), path[0].serial()}};
  std::vector<SessionFacts::Link> out;
  for (std::size_t i = 0; i + 1 < path.size(); ++i)
    out.push_back({revocation::IssuerKey::of(path[i + 1]).octets, path[i].serial()});
  return out;
}

Bytes encode_session_facts(const SessionFacts& facts) {
  ENSURE(facts.path.size() <= SessionFacts::kMostLinks);
  Bytes out = {kVersion};
  append(out, facts.full_handshake);
  append(out, facts.context);
  out.push_back(static_cast<std::uint8_t>(facts.path.size()));
  if (!facts.path.empty()) append(out, facts.not_after);
  for (const SessionFacts::Link& link : facts.path) {
    append(out, link.issuer);
    const ByteView serial = link.serial.magnitude();
    out.push_back(static_cast<std::uint8_t>(serial.size()));
    append(out, serial);
  }
  return out;
}

Result<SessionFacts> parse_session_facts(ByteView octets) {
  Reader reader(octets);
  if (reader.octet() != kVersion) return malformed("another version");
  SessionFacts out;
  out.full_handshake = reader.time();
  out.context = reader.digest();
  const std::size_t links = reader.octet();
  if (links > SessionFacts::kMostLinks) return malformed("too many certificates");
  if (links != 0) out.not_after = reader.time();
  for (std::size_t i = 0; i < links && !reader.failed(); ++i) {
    const crypto::Sha256 issuer = reader.digest();
    const ByteView serial = reader.take(reader.octet());
    auto read = x509::SerialNumber::from_magnitude(serial);
    if (!read || !std::ranges::equal(read->magnitude(), serial)) return malformed("a serial number is none");
    out.path.push_back({issuer, *read});
  }
  if (reader.failed() || !reader.at_end()) return malformed("its length is wrong");
  return out;
}

}  // namespace symbolon::tls
