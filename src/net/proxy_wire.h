// The PROXY protocol's header on a connection.
#pragma once

#include "net/proxy_protocol.h"
#include "net/socket.h"

namespace symbolon::net {

inline constexpr std::size_t kMostReceivedProxyHeader = 16 * 1024;  // a client's certificate in it has a few thousand

// Takes exactly the header's octets off the connection, none of what follows. Fails with proxy_header_malformed (also
// when it is longer than kMostReceivedProxyHeader), proxy_header_timeout, handshake_closed, handshake_reset (before its
// end), or cancelled.
Task<Result<ProxyHeader>> receive_proxy_header(Socket& socket, Deadline deadline);

// All of it, or fails with connection_timeout, connection_reset or cancelled.
Task<Status> send_proxy_header(Socket& socket, const Bytes& header, Deadline deadline);

}  // namespace symbolon::net
