// Listening sockets that the service manager opened for us: socket activation, the protocol of sd_listen_fds(3).
#pragma once

#include <string>
#include <vector>

#include "net/listener.h"

namespace symbolon::net {

// What of it goes to another process of ours: the same descriptors, which nothing else that is executed gets.
struct SocketsToPassOn {
  std::vector<int> descriptors;
  std::string names;  // LISTEN_FDNAMES
};
// Takes the variables out of the environment; nothing when they are meant for another process. Before threads start.
SocketsToPassOn sockets_to_pass_on();
// In that process: as if the service manager had started it.
void take_over_sockets(std::size_t count, const std::string& names);

// Held as long as we run, so that an address may come and go by a reload; what is handed out are duplicates.
class InheritedSockets {
 public:
  InheritedSockets() = default;  // none
  // By LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, which are taken out of the environment; none when they are meant for
  // another process. Before threads start. Fails with activation_unusable when a descriptor is no listening stream
  // socket.
  static Result<InheritedSockets> from_environment();

  // Duplicates of all that are bound to this address; empty: none is. Fails as resolving does, or with
  // out_of_descriptors.
  Result<std::vector<ListeningSocket>> bound_to(const Endpoint& endpoint) const;
  // "web.socket (127.0.0.1:8443)" for each that is bound to none of these.
  std::vector<std::string> besides(const std::vector<Endpoint>& endpoints) const;

 private:
  struct Named {
    ListeningSocket socket;
    std::string name;
  };
  std::vector<Named> sockets_;
};

}  // namespace symbolon::net
