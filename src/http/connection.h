// One connection of a server: requests in, answers out, in order. Internal to http/.
#pragma once

#include <memory>
#include <vector>

#include "http/server.h"

namespace symbolon::http {

// Shared by the connections of one server. Immutable.
struct ConnectionTerms {
  Handler handler;
  ServerOptions options;
  std::shared_ptr<net::DrainRoom> room;
};

// On the executor of its stream.
class Connection {
 public:
  Connection(std::unique_ptr<ByteStream> stream, Caller caller, std::shared_ptr<const ConnectionTerms> terms);

  // Until the peer leaves, a deadline passes, or stop(). Then the stream is closed.
  net::Task<void> run();
  // Closes now when no request is at hand, or a shared body is under way, else after its answer.
  void stop();

 private:
  enum class Phase : std::uint8_t { idle, reading, answering, sharing, closing };

  // The next request; a failure ends the connection.
  net::Task<Result<Request>> read_request();
  net::Task<Status> answer(Request request);
  net::Task<Status> send(Response response, ResponseForm form);
  net::Task<Status> share(std::shared_ptr<const std::string> body);
  net::Task<Response> handle(Request request);

  std::unique_ptr<ByteStream> stream_;
  Caller caller_;
  std::shared_ptr<const ConnectionTerms> terms_;
  RequestParser parser_;
  std::vector<std::uint8_t> buffer_;
  Phase phase_ = Phase::idle;
  bool first_ = true;  // no request has come yet
  bool stopping_ = false;
  bool last_ = false;  // the answer at hand is the last one
};

}  // namespace symbolon::http
