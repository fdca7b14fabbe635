// The PROXY protocol, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt, whose sections are named here): what a proxy
// says, before the first octet, about the connection that it passes on. Pure; docs/protocols/proxy-protocol.md has what
// is done, what is not, and the free choices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "net/listener.h"

namespace symbolon::net {

// §2.2, "type" of the TLVs that we know; all others are skipped.
enum class ProxyTlv : std::uint8_t {
  alpn = 0x01,
  authority = 0x02,
  crc32c = 0x03,
  unique_id = 0x05,
  ssl = 0x20,
  // within ssl:
  ssl_version = 0x21,
  ssl_common_name = 0x22,
  ssl_cipher = 0x23,
  ssl_signature_algorithm = 0x24,
  ssl_key_algorithm = 0x25,
  ssl_group = 0x26,
  ssl_client_certificate = 0x28,
};

inline constexpr std::size_t kMostProxyLine = 107;            // §2.1, version 1 with its line break
inline constexpr std::size_t kProxyHeaderStart = 16;          // §2.2, what stands before addresses and TLVs
inline constexpr std::size_t kMostProxyHeader = 16 + 0xFFFF;  // what its length can say
inline constexpr std::size_t kMostUniqueId = 128;             // §2.2.5

// §2.2.6, pp2_tlv_ssl: how TLS was spoken to the proxy.
struct ProxyTls {
  bool over_tls = true;                     // PP2_CLIENT_SSL
  bool certificate_in_connection = false;   // PP2_CLIENT_CERT_CONN: in this connection's handshake
  bool certificate_in_session = false;      // PP2_CLIENT_CERT_SESS: once in the session that it belongs to
  std::uint32_t verify = 1;                 // 0: the client presented a certificate and it was verified
  std::optional<std::string> version = {};  // "TLSv1.3"
  std::optional<std::string> common_name = {};
  std::optional<std::string> cipher = {};
  std::optional<std::string> signature_algorithm = {};  // of the proxy's own certificate
  std::optional<std::string> key_algorithm = {};        // of the proxy's own certificate
  std::optional<std::string> group = {};
  std::optional<Bytes> client_certificate = {};  // DER
  bool operator==(const ProxyTls&) const = default;
};

struct ProxyAddresses {
  PeerAddress source;
  PeerAddress destination;
  bool operator==(const ProxyAddresses&) const = default;
};

struct ProxyHeader {
  bool local = false;  // §2.2 LOCAL: the proxy speaks for itself (a health check); nothing else is said
  std::optional<ProxyAddresses> addresses = {};  // none: not TCP over IPv4 or IPv6
  std::optional<std::string> alpn = {};          // octets
  std::optional<std::string> authority = {};     // the server name
  std::optional<std::string> unique_id = {};     // octets
  std::optional<ProxyTls> tls = {};
  bool checksum = false;  // CRC32C
  bool operator==(const ProxyHeader&) const = default;
};

// Version 2. Fails with identity_not_forwarded: longer than its length can say, a text with control characters (which a
// reader might cut or take for another), an address that is none.
Result<Bytes> encode_proxy_header(const ProxyHeader& header);
// Version 1, which knows addresses only. Fails likewise.
Result<Bytes> encode_proxy_line(const ProxyHeader& header);

// How long the header is that `octets` begin with. More than octets.size() while it is not whole; what is there belongs
// to the header in any case, up to that length. Fails with proxy_header_malformed as soon as it can be no header.
Result<std::size_t> proxy_header_length(ByteView octets);
// `header` is one whole header of either version. Total. Fails with proxy_header_malformed: also on a checksum that
// does not fit, a TLV that we know and that stands twice, datagrams.
Result<ProxyHeader> parse_proxy_header(ByteView header);

}  // namespace symbolon::net
