// What `gateway:` in the configuration says.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "config/place.h"
#include "config/table.h"
#include "net/endpoint.h"
#include "policy/access_policy.h"
#include "tls/context.h"
#include "x509/path_verification.h"

namespace symbolon::gateway {

// { from: authority, names: [app.example] }: issued and renewed by the authority.
struct CertificateFromAuthority {
  std::vector<std::string> names;
};
// { cert: app.crt, key: app.key }
struct CertificateFiles {
  Path cert;
  Path key;
};
using CertificateSource = std::variant<CertificateFromAuthority, CertificateFiles>;

// `authority`, or a file with PEM certificates.
struct TrustSource {
  std::optional<Path> file;  // none: the authority
};

struct ClientsConfig {
  tls::ClientVerification verify = tls::ClientVerification::require;
  int depth = 3;
  std::vector<TrustSource> trust;
  std::optional<policy::AllowList> allow;
  std::vector<policy::Rule> deny;
  std::optional<x509::PathCheck> path_check;  // none: strict where only the authority is trusted, else rfc5280
  config::Place place;
};

struct RouteConfig {
  std::string name;
  net::Endpoint listen;
  std::vector<std::string> names;  // SNI; none: whatever name, or none
  CertificateSource certificate;
  ClientsConfig clients;
  net::Endpoint to;
  Seconds handshake_timeout{10};
  Seconds idle_timeout{600};
  Seconds connect_timeout{5};
  config::Place place;
};

struct ListenerConfig {
  net::Endpoint listen;
  std::optional<std::string> default_route;  // for clients that send no server name
  config::Place place;
};

struct GatewayConfig {
  std::vector<RouteConfig> routes;
  std::vector<ListenerConfig> listeners;
  std::int64_t max_connections = 0;  // 0: half of the descriptors that the process may open
  std::int64_t threads = 0;          // 0: one a core
  std::optional<Path> records;       // none: standard output
  config::Place place;
};

// The table of `gateway:`, with every check that needs no file: routes on one address must differ in their names,
// default_route must name a route there, a route that verifies needs trust and rules (config_no_rules).
config::Table<GatewayConfig> gateway_table();

}  // namespace symbolon::gateway
