// An HTTP/1.1 server over Unix sockets, socket pairs, TCP and mutual TLS.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "http/byte_stream.h"
#include "http/caller.h"
#include "http/message.h"
#include "http/wire.h"
#include "net/endpoint.h"
#include "net/listener.h"

namespace symbolon::http {

// Runs on the connection's strand and must not block it (see blocking_pool.h). The caller outlives the answer.
using Handler = std::function<net::Task<Response>(Request, const Caller&)>;

// A TLS handshake that came to nothing; called on the connection's strand.
using OnRefusal = std::function<void(const tls::Refusal& refusal, const net::PeerAddress& peer)>;

// What the next TLS connection is served by: asked for each one, by any thread. Never null.
using RoutesSource = std::function<std::shared_ptr<const tls::ServerRoutes>()>;

struct ServerOptions {
  MessageLimits message = {};
  std::chrono::milliseconds header_deadline{
      10'000};  // from the first octet of a request (or accept) to the end of its header
  std::chrono::milliseconds body_deadline{30'000};     // from there to the end of its body
  std::chrono::milliseconds idle_deadline{60'000};     // between requests of one connection
  std::chrono::milliseconds write_deadline{30'000};    // for one answer to be taken, or a piece of it
  std::chrono::milliseconds shared_deadline{120'000};  // for Response::shared to be taken whole
  std::size_t connections = 1024;                      // further ones are closed at once
  std::size_t connections_per_source = 0;  // likewise, of one address (IPv6: of one /64); 0: as many; TCP and TLS
  std::chrono::milliseconds handshake_deadline{10'000};  // TLS
  OnRefusal on_refusal = {};
  const Clock* clock = &system_clock();  // for Date
};

// Requests of one connection are answered one after the other, in order; of a pipeline no more is read than fits the
// buffer. Thread-safe; `context` may be run by several threads. The server must outlive the run of `context`, or be
// stopped and its connections drained (stop() and a run to the end).
class Server {
 public:
  struct Impl;  // http/server_state.h

  Server(boost::asio::io_context& context, Handler handler, ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();  // stop()

  // Unix sockets get mode 0600. The answer is the endpoint with the port that was bound. Fails as net::listen.
  Result<net::Endpoint> listen(const net::Endpoint& endpoint);
  // Mutual TLS. Fails as net::listen.
  Result<net::Endpoint> listen(const net::Endpoint& endpoint, RoutesSource routes);
  // One connection over a connected socket, e.g. one end of a socket pair; owns the descriptor.
  Status serve(int descriptor);

  // No new connections; idle ones are closed, busy ones after their answer. Only Response::shared, which may be large
  // and is there to be fetched again, is broken off.
  void stop();
  std::size_t connections() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace symbolon::http
