// `reach(endpoint, way) -> Reached`: a connection on which the next octet is TLS.
#pragma once

#include <string>
#include <utility>

#include "check/way.h"
#include "net/endpoint.h"

namespace symbolon::check {

// A connected stream socket that does not block; closes on death.
class ConnectedSocket {
 public:
  explicit ConnectedSocket(int descriptor) : descriptor_(descriptor) {}
  ConnectedSocket(ConnectedSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ConnectedSocket& operator=(ConnectedSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~ConnectedSocket();
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Reached {
  // Fails with connection_refused, connection_timeout, name_not_found, network_unreachable and what else net::dial
  // names; proxy_refused, proxy_authentication, proxy_malformed; connection_reset; starttls_not_offered,
  // starttls_refused, starttls_wrong_protocol, tls_at_once, peer_sends_too_much (see starttls.h).
  Result<ConnectedSocket> socket;
  std::string address = {};  // that was reached, "192.0.2.1:443"; empty behind a proxy, which alone knows it
  WaySeen seen = {};         // also where it fails
};

// Dials anew at each call. Blocks the thread for connect + dialogue; where STARTTLS was met by silence, a few seconds
// more: a server that waits for a ClientHello is as silent as one that does not answer, so that one is sent to it on a
// connection of its own. What answers that with TLS is tls_at_once; silence once more is connection_timeout.
// `server_name`: whom the server is asked for, where the protocol says that in the clear.
Reached reach(const net::Endpoint& endpoint, const Way& way, const std::string& server_name);

}  // namespace symbolon::check
