#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "net/crc32c.h"
#include "net/proxy_protocol.h"
#include "net/proxy_signature.h"

namespace symbolon::net {
namespace {

using Octets16 = std::array<std::uint8_t, 16>;

void append(Bytes& out, ByteView octets) { out.insert(out.end(), octets.begin(), octets.end()); }

void append_number(Bytes& out, std::uint32_t number, int octets) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
}

Status append_tlv(Bytes& out, ProxyTlv type, ByteView value) {
  if (value.size() > 0xFFFF)
    return fail(Code::identity_not_forwarded, "{} octets for the TLV 0x{:02x}, which holds at most 65535", value.size(),
                static_cast<int>(type));
  out.push_back(static_cast<std::uint8_t>(type));
  append_number(out, static_cast<std::uint32_t>(value.size()), 2);
  append(out, value);
  return {};
}

// Readers keep these in C strings, logs and headers.
Status append_text(Bytes& out, ProxyTlv type, const std::optional<std::string>& text) {
  if (!text) return {};
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(*text, is_control))
    return fail(Code::identity_not_forwarded, "control characters in what would be the TLV 0x{:02x}",
                static_cast<int>(type));
  return append_tlv(out, type, as_bytes(*text));
}

Status append_tls(Bytes& out, const ProxyTls& tls) {
  Bytes value;
  value.push_back(static_cast<std::uint8_t>((tls.over_tls ? kClientSsl : 0) |
                                            (tls.certificate_in_connection ? kClientCertConn : 0) |
                                            (tls.certificate_in_session ? kClientCertSess : 0)));
  append_number(value, tls.verify, 4);
  TRY(append_text(value, ProxyTlv::ssl_version, tls.version));
  TRY(append_text(value, ProxyTlv::ssl_common_name, tls.common_name));
  TRY(append_text(value, ProxyTlv::ssl_cipher, tls.cipher));
  TRY(append_text(value, ProxyTlv::ssl_signature_algorithm, tls.signature_algorithm));
  TRY(append_text(value, ProxyTlv::ssl_key_algorithm, tls.key_algorithm));
  TRY(append_text(value, ProxyTlv::ssl_group, tls.group));
  if (tls.client_certificate) TRY(append_tlv(value, ProxyTlv::ssl_client_certificate, *tls.client_certificate));
  return append_tlv(out, ProxyTlv::ssl, value);
}

bool is_v4(const PeerAddress& address) {
  in_addr octets{};
  return inet_pton(AF_INET, address.address.c_str(), &octets) == 1;
}

// IPv4 as ::ffff:192.0.2.1.
Result<Octets16> octets_of(const PeerAddress& address) {
  Octets16 out{};
  if (inet_pton(AF_INET6, address.address.c_str(), out.data()) == 1) return out;
  out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
  if (inet_pton(AF_INET, address.address.c_str(), out.data() + 12) == 1) return out;
  return fail(Code::identity_not_forwarded, "'{}' is no IP address", address.address);
}

Status append_addresses(Bytes& out, const ProxyAddresses& addresses) {
  const Octets16 source = TRY(octets_of(addresses.source));
  const Octets16 destination = TRY(octets_of(addresses.destination));
  const std::size_t skipped = is_v4(addresses.source) && is_v4(addresses.destination) ? 12 : 0;
  append(out, ByteView(source).subspan(skipped));
  append(out, ByteView(destination).subspan(skipped));
  append_number(out, addresses.source.port, 2);
  append_number(out, addresses.destination.port, 2);
  return {};
}

std::uint8_t family_of(const ProxyHeader& header) {
  if (!header.addresses) return kUnspecified;
  return is_v4(header.addresses->source) && is_v4(header.addresses->destination) ? kTcp4 : kTcp6;
}

// In an IPv6 line IPv4 is written as ::ffff:192.0.2.1.
std::string line_address(const PeerAddress& address, bool v6) {
  return v6 && is_v4(address) ? "::ffff:" + address.address : address.address;
}

}  // namespace

Result<Bytes> encode_proxy_header(const ProxyHeader& header) {
  Bytes out(kSignatureV2.begin(), kSignatureV2.end());
  out.push_back(header.local ? kCommandLocal : kCommandProxy);
  out.push_back(header.local ? kUnspecified : family_of(header));
  append_number(out, 0, 2);  // the length, see below
  if (header.local) return out;
  if (header.addresses) TRY(append_addresses(out, *header.addresses));
  const std::size_t checksum_at = out.size() + 3;
  if (header.checksum) TRY(append_tlv(out, ProxyTlv::crc32c, std::array<std::uint8_t, 4>{}));
  if (header.alpn) TRY(append_tlv(out, ProxyTlv::alpn, as_bytes(*header.alpn)));
  TRY(append_text(out, ProxyTlv::authority, header.authority));
  if (header.unique_id) {
    if (header.unique_id->size() > kMostUniqueId)
      return fail(Code::identity_not_forwarded, "a unique id of {} octets", header.unique_id->size());
    TRY(append_tlv(out, ProxyTlv::unique_id, as_bytes(*header.unique_id)));
  }
  if (header.tls) TRY(append_tls(out, *header.tls));
  if (out.size() > kMostProxyHeader)
    return fail(Code::identity_not_forwarded, "a header of {} octets, at most {} can be", out.size(), kMostProxyHeader);
  const std::size_t length = out.size() - kProxyHeaderStart;
  out[14] = static_cast<std::uint8_t>(length >> 8);
  out[15] = static_cast<std::uint8_t>(length);
  if (!header.checksum) return out;
  Bytes checksum;
  append_number(checksum, crc32c(out), 4);
  std::ranges::copy(checksum, out.begin() + static_cast<std::ptrdiff_t>(checksum_at));
  return out;
}

Result<Bytes> encode_proxy_line(const ProxyHeader& header) {
  // §2.1: "UNKNOWN" is for what is neither TCP over IPv4 nor over IPv6, and for connections of the proxy's own.
  if (!header.addresses || header.local) return to_bytes(as_bytes("PROXY UNKNOWN\r\n"));
  const auto& [source, destination] = *header.addresses;
  TRY(octets_of(source));
  TRY(octets_of(destination));
  const bool v6 = family_of(header) == kTcp6;
  return to_bytes(as_bytes(fmt::format("PROXY {} {} {} {} {}\r\n", v6 ? "TCP6" : "TCP4", line_address(source, v6),
                                       line_address(destination, v6), source.port, destination.port)));
}

}  // namespace symbolon::net
