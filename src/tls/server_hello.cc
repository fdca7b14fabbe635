#include "tls/server_hello.h"

#include <fmt/format.h>

namespace symbolon::tls {
namespace {

constexpr std::size_t kHeader = 4;  // type and length
constexpr std::size_t kRandom = 32;
constexpr std::uint16_t kSupportedVersions = 43;  // RFC 8446 §4.2.1

// What is left of a message, from its front.
class Rest {
 public:
  explicit Rest(ByteView octets) : octets_(octets) {}

  std::optional<ByteView> take(std::size_t count) {
    if (octets_.size() < count) return {};
    const ByteView out = octets_.first(count);
    octets_ = octets_.subspan(count);
    return out;
  }
  std::optional<std::uint16_t> number() {
    const auto octets = take(2);
    if (!octets) return {};
    return static_cast<std::uint16_t>((*octets)[0] << 8 | (*octets)[1]);
  }
  bool empty() const { return octets_.empty(); }

 private:
  ByteView octets_;
};

std::optional<std::uint16_t> selected_version(Rest extensions) {
  while (!extensions.empty()) {
    const auto type = extensions.number();
    const auto size = extensions.number();
    if (!type || !size) return {};
    const auto body = extensions.take(*size);
    if (!body) return {};
    if (*type == kSupportedVersions) return Rest(*body).number();
  }
  return {};
}

}  // namespace

std::optional<std::uint16_t> server_hello_version(ByteView message) {
  // struct { ProtocolVersion legacy_version; Random random; opaque legacy_session_id_echo<0..32>; CipherSuite
  // cipher_suite; uint8 legacy_compression_method; Extension extensions<6..2^16-1>; } ServerHello
  Rest rest(message);
  if (!rest.take(kHeader)) return {};
  const auto legacy = rest.number();
  if (!legacy || !rest.take(kRandom)) return legacy;
  const auto session = rest.take(1);
  if (!session || !rest.take((*session)[0]) || !rest.take(3)) return legacy;
  const auto size = rest.number();
  const auto extensions = size ? rest.take(*size) : std::nullopt;
  if (!extensions) return legacy;  // RFC 5246 §7.4.1.3: there may be none
  const auto selected = selected_version(Rest(*extensions));
  return selected ? selected : legacy;
}

std::string version_text(std::uint16_t version) {
  switch (version) {
    case 0x0300: return "SSLv3";
    case 0x0301: return "TLSv1";
    case 0x0302: return "TLSv1.1";
    case 0x0303: return "TLSv1.2";
    case 0x0304: return "TLSv1.3";
    default: return fmt::format("{:#06x}", version);
  }
}

}  // namespace symbolon::tls
