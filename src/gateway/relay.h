// The relay of one connection: what can be done now, in each direction, without waiting. Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/codes.h"
#include "net/socket.h"
#include "tls/stream.h"

namespace symbolon::gateway {

// What a direction waits for next.
enum class Next : std::uint8_t {
  client_readable,
  client_writable,
  service_readable,
  service_writable,
  turn,      // its budget is used up: others first
  finished,  // this direction is at its end
  failed,    // the connection is: see Relay::failure()
};

// Octets are passed on from a buffer that the thread's connections share; only what the other side does not take at
// once is kept in a buffer of the connection's own, so that an idle connection holds none.
class Relay {
 public:
  Relay(tls::Stream client, net::Socket service) : client_(std::move(client)), service_(std::move(service)) {}

  // From client to service. A close_notify of the client closes the service's input.
  Next upward();
  // From service to client. The end of the service's output is sent as close_notify and half-close.
  Next downward();

  struct Failure {
    Code code = Code::internal;
    std::string words;
  };
  const Failure& failure() const { return failure_; }

  std::uint64_t received() const { return received_; }  // from the client
  std::uint64_t sent() const { return sent_; }          // to the client
  tls::Stream& client() { return client_; }
  net::Socket& service() { return service_; }

 private:
  // What waits for the other side.
  struct Held {
    std::vector<std::uint8_t> octets;
    std::size_t begin = 0;
    std::span<const std::uint8_t> rest() const { return std::span(octets).subspan(begin); }
    bool empty() const { return begin == octets.size(); }
    void keep(std::span<const std::uint8_t> rest);
    void take(std::size_t count);
  };
  // Nothing: all was taken.
  std::optional<Next> to_service(std::span<const std::uint8_t> octets, std::size_t& taken);
  std::optional<Next> to_client(std::span<const std::uint8_t> octets, std::size_t& taken);
  Next end_of_service();
  Next fail(Code code, std::string words);
  Next fail(const tls::Attempt& attempt);
  Next fail_service(int problem);

  tls::Stream client_;
  net::Socket service_;
  Held up_;
  Held down_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  bool service_ended_ = false;
  Failure failure_;
};

}  // namespace symbolon::gateway
