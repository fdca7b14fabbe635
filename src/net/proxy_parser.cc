#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

#include "net/crc32c.h"
#include "net/proxy_protocol.h"
#include "net/proxy_signature.h"

namespace symbolon::net {
namespace {

constexpr std::size_t kUnixAddresses = 216;  // two paths of 108 octets

template <typename... Args>
std::unexpected<Error> malformed(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::proxy_header_malformed, format, std::forward<Args>(args)...);
}

std::size_t read_16(ByteView octets) { return static_cast<std::size_t>(octets[0]) << 8 | octets[1]; }

std::uint32_t read_32(ByteView octets) {
  return static_cast<std::uint32_t>(read_16(octets) << 16 | read_16(octets.subspan(2)));
}

// Does one begin as the other does, as far as both reach?
bool agree(std::string_view octets, std::string_view signature) {
  const std::size_t common = std::min(octets.size(), signature.size());
  return octets.substr(0, common) == signature.substr(0, common);
}

PeerAddress address_of(int family, ByteView octets, std::size_t port) {
  sockaddr_storage storage{};
  storage.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    std::memcpy(&v4.sin_addr, octets.data(), 4);
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    std::memcpy(&v6.sin6_addr, octets.data(), 16);
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
  }
  return PeerAddress::from(storage);
}

// -- version 1

Result<PeerAddress> parse_line_address(int family, std::string_view host, std::string_view port) {
  const std::string text(host);
  std::array<std::uint8_t, 16> octets{};
  if (text.find('\0') != std::string::npos || inet_pton(family, text.c_str(), octets.data()) != 1)
    return malformed("no address of its family stands in the line");
  // "Heading zeroes are not permitted in front of numbers in order to avoid any possible confusion with octal numbers."
  std::uint16_t number = 0;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (problem != std::errc() || end != port.data() + port.size() || (port.size() > 1 && port.front() == '0'))
    return malformed("no port stands in the line");
  return address_of(family, octets, number);
}

Result<ProxyHeader> parse_line(std::string_view line) {
  if (!line.ends_with("\r\n")) return malformed("the line does not end with CR LF");
  line.remove_suffix(2);
  line.remove_prefix(kSignatureV1.size());
  // "The receiver must ignore anything presented before the CRLF is found" behind UNKNOWN.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return ProxyHeader{};
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= line.size() && words.size() <= 5;) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  if (words.size() != 5) return malformed("the line has not five words, each after one blank");
  if (words[0] != "TCP4" && words[0] != "TCP6") return malformed("the line names no known family");
  const int family = words[0] == "TCP4" ? AF_INET : AF_INET6;
  ProxyAddresses addresses;
  addresses.source = TRY(parse_line_address(family, words[1], words[3]));
  addresses.destination = TRY(parse_line_address(family, words[2], words[4]));
  ProxyHeader out;
  out.addresses = std::move(addresses);
  return out;
}

// -- version 2

struct Tlv {
  std::uint8_t type = 0;
  ByteView value;
};

// Takes the first one off `rest`.
Result<Tlv> take_tlv(ByteView& rest) {
  if (rest.size() < 3 || read_16(rest.subspan(1)) > rest.size() - 3) return malformed("a TLV is cut off");
  const Tlv out{rest[0], rest.subspan(3, read_16(rest.subspan(1)))};
  rest = rest.subspan(3 + out.value.size());
  return out;
}

template <typename T>
Status keep(std::optional<T>& place, const Tlv& tlv) {
  if (place) return malformed("the TLV 0x{:02x} stands twice", tlv.type);
  place.emplace(tlv.value.begin(), tlv.value.end());
  return {};
}

Result<ProxyTls> parse_tls(ByteView value) {
  if (value.size() < 5) return malformed("the TLV 0x20 has {} octets, at least 5 are needed", value.size());
  ProxyTls out;
  out.over_tls = (value[0] & kClientSsl) != 0;
  out.certificate_in_connection = (value[0] & kClientCertConn) != 0;
  out.certificate_in_session = (value[0] & kClientCertSess) != 0;
  out.verify = read_32(value.subspan(1));
  for (ByteView rest = value.subspan(5); !rest.empty();) {
    const Tlv tlv = TRY(take_tlv(rest));
    switch (static_cast<ProxyTlv>(tlv.type)) {
      case ProxyTlv::ssl_version: TRY(keep(out.version, tlv)); break;
      case ProxyTlv::ssl_common_name: TRY(keep(out.common_name, tlv)); break;
      case ProxyTlv::ssl_cipher: TRY(keep(out.cipher, tlv)); break;
      case ProxyTlv::ssl_signature_algorithm: TRY(keep(out.signature_algorithm, tlv)); break;
      case ProxyTlv::ssl_key_algorithm: TRY(keep(out.key_algorithm, tlv)); break;
      case ProxyTlv::ssl_group: TRY(keep(out.group, tlv)); break;
      case ProxyTlv::ssl_client_certificate: TRY(keep(out.client_certificate, tlv)); break;
      default: break;  // skipped
    }
  }
  return out;
}

// `value` stands within `header`.
Status check_crc32c(ByteView header, ByteView value) {
  if (value.size() != 4) return malformed("a checksum of {} octets", value.size());
  // §2.2.3: "replace the 32 bits of the checksum field in the received PROXY header with all '0's"
  Bytes copy = to_bytes(header);
  std::fill_n(copy.begin() + (value.data() - header.data()), 4, std::uint8_t{0});
  if (crc32c(copy) != read_32(value)) return malformed("the checksum does not fit");
  return {};
}

Status parse_tlvs(ProxyHeader& out, ByteView header, ByteView rest) {
  while (!rest.empty()) {
    const Tlv tlv = TRY(take_tlv(rest));
    switch (static_cast<ProxyTlv>(tlv.type)) {
      case ProxyTlv::alpn: TRY(keep(out.alpn, tlv)); break;
      case ProxyTlv::authority: TRY(keep(out.authority, tlv)); break;
      case ProxyTlv::unique_id:
        if (tlv.value.size() > kMostUniqueId) return malformed("a unique id of {} octets", tlv.value.size());
        TRY(keep(out.unique_id, tlv));
        break;
      case ProxyTlv::crc32c:
        if (out.checksum) return malformed("two checksums");
        TRY(check_crc32c(header, tlv.value));
        out.checksum = true;
        break;
      case ProxyTlv::ssl:
        if (out.tls) return malformed("the TLV 0x20 stands twice");
        out.tls = TRY(parse_tls(tlv.value));
        break;
      default: break;  // skipped
    }
  }
  return {};
}

// How many octets the addresses of a family have; none for a family that is not taken.
std::optional<std::size_t> addresses_size(std::uint8_t family) {
  switch (family) {
    case kUnspecified: return 0;
    case kTcp4: return 12;
    case kTcp6: return 36;
    case kUnixStream: return kUnixAddresses;
    default: return std::nullopt;
  }
}

Result<ProxyHeader> parse_binary(ByteView header) {
  ProxyHeader out;
  // "other values are unassigned and must not be emitted by senders. Receivers must drop connections presenting
  // unexpected values here."
  if (header[12] != kCommandLocal && header[12] != kCommandProxy)
    return malformed("version and command are 0x{:02x}", header[12]);
  // "the receiver must accept this connection as valid and must use the real connection endpoints and discard the
  // protocol block including the family which is ignored"
  out.local = header[12] == kCommandLocal;
  if (out.local) return out;
  const std::uint8_t family = header[13];
  const auto size = addresses_size(family);
  const ByteView block = header.subspan(kProxyHeaderStart);
  if (!size) return malformed("family and transport are 0x{:02x}", family);
  if (block.size() < *size) return malformed("{} octets are no addresses of 0x{:02x}", block.size(), family);
  if (family == kTcp4 || family == kTcp6) {
    const std::size_t one = family == kTcp4 ? 4 : 16;
    const int domain = family == kTcp4 ? AF_INET : AF_INET6;
    out.addresses = {address_of(domain, block, read_16(block.subspan(2 * one))),
                     address_of(domain, block.subspan(one), read_16(block.subspan(2 * one + 2)))};
  }
  TRY(parse_tlvs(out, header, block.subspan(*size)));
  return out;
}

}  // namespace

Result<std::size_t> proxy_header_length(ByteView octets) {
  const std::string_view text = as_text(octets);
  if (agree(text, kSignatureV2)) {
    if (octets.size() < kProxyHeaderStart) return kProxyHeaderStart;
    return kProxyHeaderStart + read_16(octets.subspan(14));
  }
  if (!agree(text, kSignatureV1)) return malformed("what came is no PROXY protocol header");
  const std::size_t end = text.substr(0, kMostProxyLine).find('\n');
  if (end != std::string_view::npos) return end + 1;
  if (octets.size() >= kMostProxyLine) return malformed("{} octets without the end of a line", kMostProxyLine);
  return octets.size() + 1;
}

Result<ProxyHeader> parse_proxy_header(ByteView header) {
  const std::size_t length = TRY(proxy_header_length(header));
  if (length != header.size()) return malformed("a header of {} octets has {}", length, header.size());
  if (header.size() >= kProxyHeaderStart && agree(as_text(header), kSignatureV2)) return parse_binary(header);
  return parse_line(as_text(header));
}

}  // namespace symbolon::net
