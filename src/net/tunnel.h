// Through a proxy to a service: HTTP CONNECT or SOCKS 5.
#pragma once

#include <memory>

#include "net/endpoint.h"
#include "net/proxy_credentials.h"
#include "net/socket.h"

namespace symbolon::net {

struct TunnelProxy {
  enum class Kind : std::uint8_t { http_connect, socks5 };
  Kind kind = Kind::http_connect;
  Endpoint at;                                          // of the proxy
  std::shared_ptr<const ProxyCredentials> credentials;  // null: none
};

// Asks the proxy at the other end of `socket`, which the caller may cancel, to connect to `to` (a name is resolved by
// the proxy). No octet of the service is taken from the socket. Fails with proxy_refused, proxy_authentication,
// proxy_malformed, connection_timeout or cancelled.
Task<Status> open_tunnel(Socket& socket, std::shared_ptr<const TunnelProxy> proxy, Endpoint to, Deadline deadline);

}  // namespace symbolon::net
