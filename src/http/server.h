// An HTTP/1.1 server over Unix sockets, socket pairs, TCP and mutual TLS.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/file.h"
#include "http/byte_stream.h"
#include "http/caller.h"
#include "http/message.h"
#include "http/wire.h"

namespace symbolon::http {

// Runs on the connection's strand and must not block it (see blocking_pool.h). The caller outlives the answer.
using Handler = std::function<boost::asio::awaitable<Response>(Request, const Caller&)>;

struct ServerLimits {
  MessageLimits message;
  Milliseconds header_deadline{10'000};  // from the first octet of a request (or accept) to the end of its header
  Milliseconds body_deadline{30'000};    // from there to the end of its body
  Milliseconds idle_deadline{60'000};    // between requests of one connection
  Milliseconds write_deadline{30'000};   // for one answer to be taken
  std::size_t connections = 1024;        // further ones are answered 503 and closed
};

// Requests of one connection are answered one after the other, in order; of a pipeline no more is read than fits the
// buffer. Thread-safe; `context` may be run by several threads. The server must outlive the run of `context`, or be
// stopped and its connections drained (stop() and a run to the end).
class Server {
 public:
  Server(boost::asio::io_context& context, Handler handler, ServerLimits limits);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();  // stop()

  // Mode 0600. A socket file that nobody answers on is replaced; else fails with listen_in_use, listen_denied.
  Status listen_unix(const Path& path);
  // Port 0: any. The answer is the port. Fails with listen_in_use, listen_denied, bad_request.
  Result<std::uint16_t> listen_tcp(const std::string& address, std::uint16_t port);
  // One connection over a connected socket, e.g. one end of a socket pair; owns the descriptor.
  Status serve(int descriptor);

  // No new connections; idle ones are closed, busy ones after their answer.
  void stop();
  std::size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace symbolon::http
