// The client's side of HTTP's CONNECT (RFC 9110 §9.3.6), without I/O.
#pragma once

#include <string>
#include <string_view>

#include "net/endpoint.h"
#include "net/proxy_credentials.h"

namespace symbolon::net {

// The request, with Basic credentials (RFC 7617) unless null. Wipe it after use if there are some.
std::string connect_request(const Endpoint& to, const ProxyCredentials* credentials);

// Octets of an answer's head, interim answers included, that are borne.
inline constexpr std::size_t kLongestConnectAnswer = 16 * 1024;

// The proxy's answer, as it comes in pieces.
class ConnectAnswer {
 public:
  // Takes what belongs to the head and says how many octets that was: all of them until connected(); those behind are
  // the service's. Total. Fails with proxy_refused, proxy_authentication or proxy_malformed; go on with none then.
  Result<std::size_t> take(std::string_view octets);
  bool connected() const { return state_ == State::connected; }

 private:
  //   status --2xx--> fields --empty line--> connected
  //   status --1xx--> interim --empty line--> status
  enum class State : std::uint8_t { status, interim, fields, connected };
  Status take_line();
  Status take_status();

  State state_ = State::status;
  std::string line_;
  std::size_t taken_ = 0;
};

}  // namespace symbolon::net
