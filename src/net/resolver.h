// Names to addresses. The system's resolver blocks, and may do so for longer than anybody waits: it is called on
// threads of its own, which nobody waits for.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/socket.h"

namespace symbolon::net {

using Address = boost::asio::generic::stream_protocol::endpoint;  // of IPv4, IPv6 or a Unix socket

struct ResolverLimits {
  std::size_t threads = 8;  // look-ups at once; one name takes one at most
  std::size_t names = 256;  // that are known, looked up or wait; further ones: overloaded
  std::chrono::steady_clock::duration kept = std::chrono::seconds(5);          // an answer
  std::chrono::steady_clock::duration failure_kept = std::chrono::seconds(1);  // a failure
};

// Thread-safe. Whoever asks for a name that is being looked up waits for the same answer.
class Resolver {
 public:
  using Answer = Result<std::vector<Address>>;
  // Blocks, does not throw. May be called after its Resolver is gone: what it uses, it owns.
  using LookUp = std::function<Answer(const std::string& host, std::uint16_t port)>;

  explicit Resolver(LookUp look_up, const ResolverLimits& limits = {});
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  // Look-ups that run are left to themselves.
  ~Resolver();

  // Waits on `timer`, which the caller may cancel and whose executor is that of the calling coroutine. Fails with
  // name_not_found, connection_timeout (the deadline passed), cancelled, overloaded or system_error.
  Task<Answer> resolve(std::string host, std::uint16_t port, boost::asio::steady_timer& timer, Deadline deadline);

  // getaddrinfo, shared by the whole process.
  static const std::shared_ptr<Resolver>& of_system();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace symbolon::net
