// What Server hides. Internal to http/.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "http/connection.h"
#include "net/listener.h"

namespace symbolon::http {

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(boost::asio::io_context& context_, ConnectionTerms terms_);

  // What turns an accepted socket into a stream and a caller; none: the connection is over.
  struct Opened {
    std::unique_ptr<ByteStream> stream;
    Caller caller;
  };
  using Open = std::function<net::Task<std::optional<Opened>>(net::Socket, Caller)>;

  Result<net::Endpoint> listen(const net::Endpoint& endpoint, Open open);
  net::Task<void> accept(std::shared_ptr<net::Listener> listener, Open open);
  // Counts the connection and runs it on a strand of its own.
  void start(int descriptor, Caller caller, Open open);
  net::Task<void> run(net::Executor executor, int descriptor, Caller caller, Open open);
  void stop();

  boost::asio::io_context& context;
  std::shared_ptr<const ConnectionTerms> terms;
  // One more of that source, unless it has as many as it may; empty: none of a network.
  bool admit(const std::string& source);
  void dismiss(const std::string& source);
  std::atomic<std::size_t> open_connections{0};

  std::mutex mutex;  // of what follows
  bool stopping = false;
  std::map<std::string, std::size_t> open_of_source;  // where ServerOptions::connections_per_source bounds them
  struct Live {
    net::Executor executor;
    std::shared_ptr<Connection> connection;
  };
  std::map<const Connection*, Live> live;
  struct Listening {
    net::Executor executor;
    std::shared_ptr<net::Listener> listener;
  };
  std::vector<Listening> listening;
};

// SO_PEERCRED of a Unix socket or of one end of a socket pair.
std::optional<UnixPeer> unix_peer(int descriptor);

}  // namespace symbolon::http
