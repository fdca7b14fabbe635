#include "gateway/onward.h"

#include <algorithm>

namespace symbolon::gateway {
namespace {

using Field = OnwardConfig::Field;
using Version = OnwardConfig::Version;

bool is_ip(const net::PeerAddress& address) { return address.address != "unix" && !address.address.empty(); }

// As HAProxy writes them: RSA2048, EC256, ED25519.
std::string key_algorithm(const crypto::PublicKey& key) {
  using crypto::KeyType;
  const auto type = key.type();
  if (!type) {
    std::string text = key.description();
    std::erase_if(text, [](char c) { return c == ' ' || c == '-'; });
    return text;
  }
  switch (*type) {
    case KeyType::p256: return "EC256";
    case KeyType::p384: return "EC384";
    case KeyType::ed25519: return "ED25519";
    case KeyType::rsa2048: return "RSA2048";
    case KeyType::rsa3072: return "RSA3072";
    case KeyType::rsa4096: return "RSA4096";
  }
  return {};
}

// RFC 6066 §3: a HostName is "represented as a byte string using ASCII encoding without a trailing dot".
Status check_authority(const std::string& name) {
  if (std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; })) return {};
  return fail(Code::identity_not_forwarded, "the client's server name is no host name");
}

net::ProxyTls tls_of(const OnwardConfig& config, const Onward& onward) {
  const tls::Peer& peer = *onward.peer;
  net::ProxyTls out;
  out.version = std::string(peer.version);
  if (config.sends(Field::cipher)) out.cipher = std::string(peer.cipher);
  if (config.sends(Field::group) && !peer.group.empty()) out.group = std::string(peer.group);
  if (onward.server != nullptr) {
    if (config.sends(Field::signature_algorithm)) out.signature_algorithm = onward.server->signature_algorithm();
    if (config.sends(Field::key_algorithm)) out.key_algorithm = key_algorithm(onward.server->public_key());
  }
  if (!peer.admission) return out;  // anonymous: nothing was verified
  out.certificate_in_session = true;
  out.certificate_in_connection = !peer.resumed;
  out.verify = 0;
  const x509::Certificate& leaf = peer.admission->path.front();
  if (config.sends(Field::cn)) out.common_name = leaf.subject().common_name();
  if (config.sends(Field::certificate)) out.client_certificate = to_bytes(leaf.der());
  return out;
}

}  // namespace

Result<Bytes> onward_header(const OnwardConfig& config, const Onward& onward) {
  if (config.version == Version::none) return Bytes{};
  net::ProxyHeader header;
  if (is_ip(onward.source) && is_ip(onward.destination))
    header.addresses = net::ProxyAddresses{onward.source, onward.destination};
  if (config.version == Version::v1) return net::encode_proxy_line(header);
  header.checksum = config.sends(Field::crc32c);
  if (config.sends(Field::unique_id)) header.unique_id = std::string(onward.id);
  if (onward.peer == nullptr) return net::encode_proxy_header(header);
  if (config.sends(Field::alpn) && !onward.peer->alpn.empty()) header.alpn = onward.peer->alpn;
  if (config.sends(Field::authority) && onward.peer->server_name) {
    TRY(check_authority(*onward.peer->server_name));
    header.authority = onward.peer->server_name;
  }
  if (config.sends_tls()) header.tls = tls_of(config, onward);
  return net::encode_proxy_header(header);
}

}  // namespace symbolon::gateway
