// The relay of one connection: what can be done now, in each direction, without waiting. Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/codes.h"
#include "gateway/relay_end.h"

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
  Relay(RelayEnd client, RelayEnd service) : client_(std::move(client)), service_(std::move(service)) {}

  // From client to service, and from service to client. The orderly end of one side's output (close_notify, or the end
  // of a plain stream) half-closes the other side; the other direction goes on.
  Next upward() { return move(up_, client_, service_); }
  Next downward() { return move(down_, service_, client_); }

  struct Failure {
    Code code = Code::internal;
    std::string words;
  };
  const Failure& failure() const { return failure_; }
  // All that one side sent has reached the other one, its end included.
  bool upward_ended() const { return up_.passed; }
  bool downward_ended() const { return down_.passed; }

  std::uint64_t received() const { return up_.read; }   // from the client
  std::uint64_t sent() const { return down_.written; }  // to the client
  RelayEnd& client() { return client_; }
  RelayEnd& service() { return service_; }

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
  struct Direction {
    Held held;
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    bool ended = false;   // nothing more will be read
    bool passed = false;  // and the other side knows
  };
  Next move(Direction& way, RelayEnd& from, RelayEnd& to);
  // Nothing: all was taken.
  std::optional<Next> pass(std::span<const std::uint8_t> octets, RelayEnd& to, std::size_t& taken);
  Next half_close(Direction& way, RelayEnd& to);
  Next readable(const RelayEnd& end) const;
  Next waiting(const tls::Attempt& attempt, const RelayEnd& end);
  Next fail(const tls::Attempt& attempt, const RelayEnd& end);

  RelayEnd client_;
  RelayEnd service_;
  Direction up_;
  Direction down_;
  Failure failure_;
};

}  // namespace symbolon::gateway
