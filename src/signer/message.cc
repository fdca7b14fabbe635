#include "signer/message.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>

namespace symbolon::signer {
namespace {

using revocation::CertStatus;
using revocation::OcspStatus;

constexpr std::uint8_t kVersion = 7;
enum class Kind : std::uint8_t {
  hello = 1,
  sign = 2,
  keys = 3,
  answers = 4,
  sign_crl = 5,
  sign_ocsp = 6,
  sign_head = 7
};
enum class Outcome : std::uint8_t { signature = 0, error = 1 };

class Writer {
 public:
  Writer() = default;
  // Of a packet.
  Writer(Kind kind, std::size_t count) {
    number(kVersion);
    number(static_cast<std::uint8_t>(kind));
    number(static_cast<std::uint16_t>(count));
  }
  template <std::unsigned_integral T>
  void number(T value) {
    for (std::size_t i = sizeof(T); i-- > 0;) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  template <std::unsigned_integral Length>
  void field(ByteView octets) {
    ENSURE(octets.size() <= kLargestField);
    number(static_cast<Length>(octets.size()));
    this->octets(octets);
  }
  void octets(ByteView octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }
  Bytes take() { return std::move(out_); }

 private:
  Bytes out_;
};

// Once something is missing, everything is: `good` is asked at the end.
class Reader {
 public:
  explicit Reader(ByteView rest) : rest_(rest) {}

  template <std::unsigned_integral T>
  T number() {
    T value = 0;
    for (const std::uint8_t octet : take(sizeof(T))) value = static_cast<T>((value << 8U) | octet);
    return value;
  }
  template <std::unsigned_integral Length>
  ByteView field() {
    const std::size_t length = number<Length>();
    good_ = good_ && length <= kLargestField;
    return take(length);
  }
  template <std::size_t Size>
  std::array<std::uint8_t, Size> octets() {
    std::array<std::uint8_t, Size> out{};
    std::ranges::copy(take(Size), out.begin());
    return out;
  }
  ByteView rest() const { return rest_; }
  bool good() const { return good_; }
  bool at_end() const { return good_ && rest_.empty(); }

 private:
  ByteView take(std::size_t size) {
    good_ = good_ && size <= rest_.size();
    if (!good_) return {};
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  ByteView rest_;
  bool good_ = true;
};

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::signer_protocol, "a packet between authority and signer: {}", what);
}

Bytes encoded(const Hello&) { return Writer(Kind::hello, 0).take(); }

Bytes encoded(const SignRequests& message) {
  ENSURE(!message.entries.empty() && message.entries.size() <= kMostInPacket);
  Writer out(Kind::sign, message.entries.size());
  for (const SignRequest& request : message.entries) {
    out.number(request.number);
    out.number(static_cast<std::uint64_t>(request.intent.issuer));
    out.field<std::uint8_t>(request.intent.serial.magnitude());
  }
  return out.take();
}

Bytes encoded(const CrlRequests& message) {
  ENSURE(!message.entries.empty() && message.entries.size() <= kMostInPacket);
  Writer out(Kind::sign_crl, message.entries.size());
  for (const CrlRequest& request : message.entries) {
    out.number(request.number);
    out.number(static_cast<std::uint64_t>(request.crl.issuer));
    out.number(request.crl.revocations);
    out.number(request.crl.number);
    out.number(static_cast<std::uint64_t>(request.crl.this_update.count));
    out.number(static_cast<std::uint64_t>(request.crl.next_update.count));
    out.number(request.crl.base);
    out.number(request.crl.shards);
    out.number(request.crl.shard);
  }
  return out.take();
}

Bytes encoded(const OcspRequests& message) {
  ENSURE(!message.entries.empty() && message.entries.size() <= kMostInPacket);
  Writer out(Kind::sign_ocsp, message.entries.size());
  for (const OcspRequest& request : message.entries) {
    const OcspName& name = request.response;
    ENSURE(fits(name));
    out.number(request.number);
    out.number(static_cast<std::uint64_t>(name.issuer));
    out.octets(name.responder);
    out.number(static_cast<std::uint64_t>(name.this_update.count));
    out.number(static_cast<std::uint64_t>(name.next_update.count));
    out.field<std::uint8_t>(name.nonce);
    out.number(static_cast<std::uint16_t>(name.entries.size()));
    for (const OcspName::Entry& entry : name.entries) {
      out.number(static_cast<std::uint8_t>(entry.hash));
      out.field<std::uint8_t>(entry.serial.magnitude());
    }
  }
  return out.take();
}

Bytes encoded(const HeadRequests& message) {
  ENSURE(!message.entries.empty() && message.entries.size() <= kMostInPacket);
  Writer out(Kind::sign_head, message.entries.size());
  for (const HeadRequest& request : message.entries) {
    out.number(request.number);
    out.number(static_cast<std::uint8_t>(request.kind));
  }
  return out.take();
}

Bytes encoded(const Keys& message) {
  ENSURE(message.entries.size() <= kMostKeys);
  Writer out(Kind::keys, message.entries.size());
  for (const OfferedKey& key : message.entries) {
    out.number(static_cast<std::uint64_t>(key.issuer));
    out.number(static_cast<std::uint8_t>(key.encrypted ? 1 : 0));
    out.field<std::uint16_t>(key.spki);
    out.field<std::uint16_t>(key.algorithm);
    out.field<std::uint16_t>(key.responder);
  }
  out.field<std::uint16_t>(message.heads);
  return out.take();
}

Bytes encoded(const Answers& message) {
  ENSURE(!message.entries.empty() && message.entries.size() <= kMostInPacket);
  Writer out(Kind::answers, message.entries.size());
  for (const Answer& answer : message.entries) {
    out.number(answer.number);
    if (answer.signature) {
      out.number(static_cast<std::uint8_t>(Outcome::signature));
      out.field<std::uint16_t>(*answer.signature);
    } else {
      const std::string text =
          fmt::format("{}\n{}", name(answer.signature.error().code), answer.signature.error().words);
      out.number(static_cast<std::uint8_t>(Outcome::error));
      out.field<std::uint16_t>(as_bytes(std::string_view(text).substr(0, kLargestField)));
    }
  }
  return out.take();
}

// As it is written: without leading zero octets.
std::optional<x509::SerialNumber> read_serial(Reader& in) {
  const ByteView octets = in.field<std::uint8_t>();
  const auto serial = x509::SerialNumber::from_magnitude(octets);
  if (!serial || !std::ranges::equal(serial->magnitude(), octets)) return std::nullopt;
  return *serial;
}

Result<Message> read_requests(Reader& in, std::size_t count) {
  if (count == 0 || count > kMostInPacket) return malformed("too many requests, or none");
  SignRequests out;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    const auto number = in.number<std::uint64_t>();
    const auto issuer = static_cast<std::int64_t>(in.number<std::uint64_t>());
    const auto serial = read_serial(in);
    if (!serial) return malformed("not a serial");
    out.entries.push_back({number, {issuer, *serial}});
  }
  return Message(std::move(out));
}

Result<Message> read_crl_requests(Reader& in, std::size_t count) {
  if (count == 0 || count > kMostInPacket) return malformed("too many requests, or none");
  CrlRequests out;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    CrlRequest request{.number = in.number<std::uint64_t>(), .crl = {}};
    request.crl.issuer = static_cast<std::int64_t>(in.number<std::uint64_t>());
    request.crl.revocations = in.number<std::uint64_t>();
    request.crl.number = in.number<std::uint64_t>();
    request.crl.this_update.count = static_cast<std::int64_t>(in.number<std::uint64_t>());
    request.crl.next_update.count = static_cast<std::int64_t>(in.number<std::uint64_t>());
    request.crl.base = in.number<std::uint64_t>();
    request.crl.shards = in.number<std::uint16_t>();
    request.crl.shard = in.number<std::uint16_t>();
    out.entries.push_back(request);
  }
  return Message(std::move(out));
}

Status read_ocsp_entries(Reader& in, OcspName& name) {
  const std::size_t count = in.number<std::uint16_t>();
  if (count == 0 || count > kMostOcspEntries) return malformed("an OCSP response of too many certificates, or none");
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    const auto hash = in.number<std::uint8_t>();
    if (hash > static_cast<std::uint8_t>(OcspHash::sha256)) return malformed("an unknown hash");
    const auto serial = read_serial(in);
    if (!serial) return malformed("not a serial");
    name.entries.push_back({static_cast<OcspHash>(hash), *serial});
  }
  return {};
}

Result<Message> read_ocsp_requests(Reader& in, std::size_t count) {
  if (count == 0 || count > kMostInPacket) return malformed("too many requests, or none");
  OcspRequests out;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    OcspRequest request{.number = in.number<std::uint64_t>(), .response = {}};
    OcspName& name = request.response;
    name.issuer = static_cast<std::int64_t>(in.number<std::uint64_t>());
    name.responder = in.octets<std::tuple_size_v<crypto::Sha256>>();
    name.this_update.count = static_cast<std::int64_t>(in.number<std::uint64_t>());
    name.next_update.count = static_cast<std::int64_t>(in.number<std::uint64_t>());
    name.nonce = to_bytes(in.field<std::uint8_t>());
    if (name.nonce.size() > kMostOcspNonce) return malformed("a nonce that is too long");
    TRY(read_ocsp_entries(in, name));
    out.entries.push_back(std::move(request));
  }
  return Message(std::move(out));
}

Result<Message> read_head_requests(Reader& in, std::size_t count) {
  if (count == 0 || count > kMostInPacket) return malformed("too many requests, or none");
  HeadRequests out;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    const auto number = in.number<std::uint64_t>();
    const auto kind = in.number<std::uint8_t>();
    if (kind > static_cast<std::uint8_t>(revocation::HeadKind::feed)) return malformed("the head of no chain");
    out.entries.push_back({number, static_cast<revocation::HeadKind>(kind)});
  }
  return Message(std::move(out));
}

Result<Message> read_keys(Reader& in, std::size_t count) {
  if (count > kMostKeys) return malformed("too many keys");
  Keys out;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    const auto issuer = static_cast<std::int64_t>(in.number<std::uint64_t>());
    const auto file = in.number<std::uint8_t>();
    if (file > 1) return malformed("a key of neither a plain nor an encrypted file");
    const ByteView spki = in.field<std::uint16_t>();
    const ByteView algorithm = in.field<std::uint16_t>();
    const ByteView responder = in.field<std::uint16_t>();
    out.entries.push_back({issuer, to_bytes(spki), to_bytes(algorithm), file == 1, to_bytes(responder)});
  }
  out.heads = to_bytes(in.field<std::uint16_t>());
  return Message(std::move(out));
}

Result<Message> read_answers(Reader& in, std::size_t count) {
  if (count == 0 || count > kMostInPacket) return malformed("too many answers, or none");
  Answers out;
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    const auto number = in.number<std::uint64_t>();
    const auto outcome = in.number<std::uint8_t>();
    const ByteView field = in.field<std::uint16_t>();
    if (outcome == static_cast<std::uint8_t>(Outcome::signature)) {
      out.entries.push_back({number, to_bytes(field)});
      continue;
    }
    const std::string_view text = as_text(field);
    const auto end = text.find('\n');
    const auto code = code_from_name(text.substr(0, end));
    if (outcome != static_cast<std::uint8_t>(Outcome::error) || end == std::string_view::npos || !code) {
      return malformed("neither signature nor error");
    }
    out.entries.push_back({number, std::unexpected(Error{*code, std::string(text.substr(end + 1))})});
  }
  return Message(std::move(out));
}

Result<Message> read_entries(Reader& in, std::uint8_t kind, std::size_t count) {
  switch (static_cast<Kind>(kind)) {
    case Kind::hello: return count == 0 ? Result<Message>(Hello{}) : malformed("a hello with entries");
    case Kind::sign: return read_requests(in, count);
    case Kind::keys: return read_keys(in, count);
    case Kind::answers: return read_answers(in, count);
    case Kind::sign_crl: return read_crl_requests(in, count);
    case Kind::sign_ocsp: return read_ocsp_requests(in, count);
    case Kind::sign_head: return read_head_requests(in, count);
  }
  return malformed("of an unknown kind");
}

}  // namespace

bool fits(const OcspName& name) {
  return name.nonce.size() <= kMostOcspNonce && !name.entries.empty() && name.entries.size() <= kMostOcspEntries;
}

Bytes encode(const Message& message) {
  return std::visit([](const auto& one) { return encoded(one); }, message);
}

Result<Message> decode(ByteView packet) {
  Reader in(packet);
  const auto version = in.number<std::uint8_t>();
  const auto kind = in.number<std::uint8_t>();
  const auto count = in.number<std::uint16_t>();
  if (!in.good() || version != kVersion) return malformed("of another version");
  auto message = read_entries(in, kind, count);
  if (message && !in.at_end()) return malformed("cut, or something follows");
  return message;
}

Bytes encode_ocsp(const SignedOcsp& response) {
  ENSURE(response.said.size() <= kMostOcspEntries);
  Writer out;
  out.octets(response.octets);
  out.number(static_cast<std::uint16_t>(response.said.size()));
  for (const CertStatus& one : response.said) {
    out.number(static_cast<std::uint8_t>(one.status));
    if (one.status != OcspStatus::revoked) continue;
    out.number(one.reason);
    out.number(static_cast<std::uint64_t>(one.revoked_at.count));
  }
  out.octets(response.signature);
  return out.take();
}

Result<SignedOcsp> decode_ocsp(ByteView octets) {
  Reader in(octets);
  SignedOcsp out{.octets = in.octets<std::tuple_size_v<crypto::Sha256>>(), .said = {}, .signature = {}};
  const std::size_t count = in.number<std::uint16_t>();
  if (count > kMostOcspEntries) return malformed("an OCSP response about too many certificates");
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    CertStatus& one = out.said.emplace_back();
    const auto status = in.number<std::uint8_t>();
    if (status > static_cast<std::uint8_t>(OcspStatus::unknown)) return malformed("an unknown status");
    one.status = static_cast<OcspStatus>(status);
    if (one.status != OcspStatus::revoked) continue;
    one.reason = in.number<std::uint8_t>();
    one.revoked_at.count = static_cast<std::int64_t>(in.number<std::uint64_t>());
  }
  if (!in.good() || in.at_end()) return malformed("the signature of an OCSP response that is cut");
  out.signature = to_bytes(in.rest());
  return out;
}

Bytes encode_head(const revocation::SignedHead& head) {
  Writer out;
  out.number(head.head.count);
  out.octets(head.head.hash);
  out.number(static_cast<std::uint64_t>(head.head.time.count));
  out.octets(head.signature);
  return out.take();
}

Result<revocation::SignedHead> decode_head(revocation::HeadKind kind, ByteView octets) {
  Reader in(octets);
  revocation::SignedHead out{.head = {.kind = kind, .count = in.number<std::uint64_t>()}, .signature = {}};
  out.head.hash = in.octets<std::tuple_size_v<crypto::Sha256>>();
  out.head.time.count = static_cast<std::int64_t>(in.number<std::uint64_t>());
  if (!in.good() || in.at_end()) return malformed("a head that is cut");
  out.signature = to_bytes(in.rest());
  return out;
}

}  // namespace symbolon::signer
