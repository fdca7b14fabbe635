// What the configuration says about the PROXY protocol: what a service is told, and from whom we take a header.
#pragma once

#include <string>
#include <vector>

#include "config/value.h"
#include "policy/ip_pattern.h"

namespace symbolon::gateway {

// What a route's service is told about each connection, before its first octet.
struct OnwardConfig {
  enum class Version : std::uint8_t { none, v1, v2 };
  enum class Field : std::uint8_t {
    ssl,  // the TLV that the next six stand in, with its flags and the TLS version
    cn,
    cipher,
    certificate,
    group,
    signature_algorithm,
    key_algorithm,
    alpn,
    authority,
    unique_id,
    crc32c,
  };
  Version version = Version::none;
  std::vector<Field> send = {Field::ssl,         Field::cn,   Field::cipher,
                             Field::certificate, Field::alpn, Field::authority};  // v2 only
  bool sends(Field field) const;
  bool sends_tls() const;  // any that stands in the TLV `ssl`
};

// `v1`, `v2`, or { send: [...] }, which is v2 too.
config::Value<OnwardConfig> onward_value();

// Whose connections begin with a header. From others it is never read.
struct ProxySources {
  std::vector<policy::IpPattern> networks;
  bool unix_sockets = false;
  bool anybody = false;
  bool empty() const { return networks.empty() && !unix_sockets && !anybody; }
  // `address` as in net::PeerAddress.
  bool include(const std::string& address) const;
};

// A list of networks, `unix`, `insecure_anybody`. A network of length 0 is refused: it would be the latter.
config::Value<ProxySources> proxy_sources_value();

}  // namespace symbolon::gateway
