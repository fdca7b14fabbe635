// What stands behind a route: a TLS server (`server`), and the proxy on the way to it (`via`).
#pragma once

#include "gateway/peer_config.h"
#include "net/tunnel.h"

namespace symbolon::gateway {

// A TLS server behind the route: what it is shown, and whom it must be.
struct ServerConfig : JudgementConfig {
  std::optional<CertificateSource> certificate;  // none: none is presented
  std::string name;                              // expected and sent as SNI; empty: the host in `to`
  std::vector<std::string> alpn;  // offered; none: what was negotiated with the client, if anything, and only that
};

struct ViaConfig {
  net::TunnelProxy::Kind kind = net::TunnelProxy::Kind::http_connect;
  net::Endpoint proxy;
  std::optional<Path> credentials;
};

config::Table<ServerConfig> server_table();
config::Value<ViaConfig> via_value();

// Every address in `to` can be reached so: a TLS server has a name that its certificate can hold, and a proxy connects
// to no Unix socket.
Status check_service(const std::vector<net::Endpoint>& to, const std::optional<ServerConfig>& server,
                     const std::optional<ViaConfig>& via);

}  // namespace symbolon::gateway
