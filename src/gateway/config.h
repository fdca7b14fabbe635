// What `gateway:` in the configuration says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "config/place.h"
#include "config/table.h"
#include "gateway/crl_config.h"
#include "gateway/limits.h"
#include "gateway/proxy_config.h"
#include "gateway/service_config.h"
#include "tls/context.h"

namespace symbolon::gateway {

struct ClientsConfig : JudgementConfig {
  tls::ClientVerification verify = tls::ClientVerification::require;
};

// Each side is TLS or plain, but not both plain.
// What becomes of an open connection when a certificate by which one of its sides was admitted ends.
enum class OnExpiry : std::uint8_t { close, insecure_keep };

struct RouteConfig {
  static constexpr Seconds kHandshakeTimeout{10};
  static constexpr bool kSessionTickets = false;  // docs/decisions/0013-session-tickets.md
  static constexpr Seconds kTicketLifetime{3600};
  std::string name;
  net::Endpoint listen;
  bool insecure_listen = false;                  // in plain, for more than this machine
  std::vector<std::string> names;                // SNI; none: whatever name, or none
  std::optional<CertificateSource> certificate;  // with `clients`; without both, clients speak plain
  std::vector<std::string> alpn;                 // by preference; none: what clients offer is ignored
  std::optional<bool> staple;                    // none: yes
  std::optional<bool> session_tickets;           // none: kSessionTickets
  std::optional<Seconds> ticket_lifetime;        // none: kTicketLifetime
  std::optional<ClientsConfig> clients;
  std::vector<net::Endpoint> to;       // tried in this order
  std::optional<ServerConfig> server;  // none: the service speaks plain
  std::optional<ViaConfig> via;
  OnwardConfig onward;
  Limits limits;                             // of connections
  std::optional<Seconds> handshake_timeout;  // none: kHandshakeTimeout
  Seconds idle_timeout{600};
  Seconds connect_timeout{5};
  OnExpiry on_expiry = OnExpiry::close;
  config::Place place;

  bool listens_in_plain() const { return !clients; }
};

struct ListenerConfig {
  static constexpr unsigned kSocketMode = 0600;
  net::Endpoint listen;
  std::optional<std::string> default_route;  // for clients that send no server name
  ProxySources accept_proxy_from;
  std::optional<unsigned> socket_mode;  // of a Unix socket's file; none: kSocketMode
  config::Place place;
};

// The authority whose revocations count here, where it runs elsewhere.
struct AuthorityElsewhere {
  net::Endpoint url;
  Path cert;
  Path key;
  std::optional<Path> anchors;  // none: those in the state folder
  config::Place place;
  bool operator==(const AuthorityElsewhere& other) const {
    return url == other.url && cert == other.cert && key == other.key && anchors == other.anchors;
  }
};

struct GatewayConfig {
  std::vector<RouteConfig> routes;
  std::vector<ListenerConfig> listeners;
  Limits limits;
  std::int64_t threads = 0;     // 0: one a core
  std::optional<Path> records;  // none: standard output
  Seconds drain_timeout{30};    // for open connections, once the gateway is told to stop
  std::optional<AuthorityElsewhere> authority;
  bool shared_ticket_keys = false;  // docs/decisions/0018-shared-ticket-keys.md
  Seconds stale_after{3600};        // of an authority in another process: silence
  std::vector<CrlConfig> crls;      // of other CAs
  config::Place place;
};

// Every file that the configuration names: what they hold is read anew by each reload.
std::vector<Path> files_of(const GatewayConfig& config);
// The distinct listening addresses, in the order in which routes name them.
std::vector<net::Endpoint> addresses_of(const GatewayConfig& config);

// The table of `gateway:`, with every check that needs no file: routes on one address must differ in their names,
// default_route must name a route there, a route that verifies needs trust and rules (config_no_rules), one that
// listens in plain listens for this machine only (else `insecure_listen`) and dials TLS. What would do nothing is
// refused (config_bad_value): default_route and handshake_timeout where nothing shakes hands, depth and path_check
// where nobody is verified, socket_mode where there is no file.
config::Table<GatewayConfig> gateway_table();

}  // namespace symbolon::gateway
