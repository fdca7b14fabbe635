// SOCKS version 5, the client's side (RFC 1928), with user and password (RFC 1929): a state machine without I/O.
#pragma once

#include <string>

#include "base/bytes.h"
#include "net/endpoint.h"
#include "net/proxy_credentials.h"

namespace symbolon::net {

//   method --0--> reply                 the proxy asks for nothing
//   method --2--> authentication --0--> reply
//   reply --> address --> connected
class Socks5Client {
 public:
  // `to` is an address or a name (at most 253 octets), which the proxy resolves; `credentials` (null: none) must
  // outlive it.
  Socks5Client(const Endpoint& to, const ProxyCredentials* credentials);

  // What is to be sent now; empty: nothing.
  Bytes take_output();
  // How many octets are to be read next, exactly; 0: connected, what comes now is the service's.
  std::size_t wants() const { return wants_; }
  // Those octets. Total. Fails with proxy_refused, proxy_authentication or proxy_malformed; go on with none then.
  Status take(ByteView octets);

 private:
  enum class State : std::uint8_t { method, authentication, reply, address, connected };
  Status take_method(ByteView octets);
  Status take_authentication(ByteView octets);
  Status take_reply(ByteView octets);
  void request();

  Endpoint to_;
  const ProxyCredentials* credentials_;
  State state_ = State::method;
  std::size_t wants_ = 2;
  Bytes output_;
};

}  // namespace symbolon::net
