// Listening sockets.
#pragma once

#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>
#include <vector>

#include "net/endpoint.h"
#include "net/socket.h"

namespace symbolon::net {

// The far end of an accepted connection.
struct PeerAddress {
  std::string address;  // "192.0.2.1", "2001:db8::1" (v4-mapped addresses as IPv4), "unix"
  std::uint16_t port = 0;
  static PeerAddress from(const sockaddr_storage& address);
  std::string text() const;  // "192.0.2.1:4711", "[2001:db8::1]:4711", "unix"
  bool operator==(const PeerAddress&) const = default;
};

struct Accepted {
  Socket socket;
  PeerAddress peer;
};

// A listening descriptor that no thread serves yet. Closes on death.
class ListeningSocket {
 public:
  explicit ListeningSocket(int descriptor) : descriptor_(descriptor) {}
  ListeningSocket(ListeningSocket&& other) noexcept : descriptor_(other.release()) {}
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  ~ListeningSocket();
  int get() const { return descriptor_; }
  int release() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor;
  }

 private:
  int descriptor_ = -1;
};

struct ListenOptions {
  std::size_t sockets = 1;    // one a thread (SO_REUSEPORT); of a Unix socket there is only one
  int backlog = 4096;         // cut by net.core.somaxconn
  unsigned unix_mode = 0600;  // of a Unix socket's file
};

// Binds and listens. Port 0: all get the one port that the system chose. `:port` is IPv6 and IPv4 in one socket where
// the machine has IPv6. The first socket is bound without SO_REUSEPORT, so that a port on which another process of the
// same user listens is refused instead of shared in silence. A dead Unix socket file is replaced, a live one is not.
// Fails with listen_in_use, listen_denied, name_not_found or system_error.
Result<std::vector<ListeningSocket>> listen(const Endpoint& endpoint, const ListenOptions& options);

// For a process that may make no Unix socket by itself. Set once, before there are threads.
struct UnixBinder {
  std::function<int(const std::string& path, unsigned mode)> bind;  // one that does not block, or -errno
  std::function<void(const std::string& path)> remove;              // its file
};
void bind_unix_through(UnixBinder binder);
// Whatever it is, nothing where there is none.
void remove_unix_socket(const std::string& path);

// Accepts on one executor.
class Listener {
 public:
  Listener(const Executor& executor, ListeningSocket socket);
  Listener(Listener&&) = delete;
  ~Listener();

  // The next connection. Fails with out_of_descriptors (the connection that waited was closed with the help of a
  // reserve descriptor instead of being left hanging; go on accepting), cancelled (after close()) or system_error.
  Task<Result<Accepted>> accept() { return accept_for(descriptor_.get_executor()); }
  // The same; the connection's socket belongs to that executor, and is to be used there only.
  Task<Result<Accepted>> accept_for(Executor executor);
  // Ends a waiting accept() with cancelled. On the executor only.
  void close();
  // accept() still gives what waits in the backlog; then it closes and fails with cancelled. On the executor only.
  void finish();
  Endpoint local() const { return local_; }  // with the port that was really bound

 private:
  boost::asio::posix::stream_descriptor descriptor_;
  Endpoint local_;
  int reserve_ = -1;
  bool finishing_ = false;
};

// The near end of a connected socket; without address when it is not connected any more.
PeerAddress local_address(int descriptor);
// Where a listening descriptor is bound.
Endpoint bound_to(int descriptor);
// Is it bound to just this address? Never for port 0. Fails with name_not_found.
Result<bool> is_bound_to(int descriptor, const Endpoint& endpoint);

}  // namespace symbolon::net
