#include "http/connection.h"

#include <algorithm>

#include "http/body_source.h"
#include "http/problem.h"

namespace symbolon::http {

namespace {

constexpr std::size_t kReadOctets = 8 << 10;
constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kAtOnce = 8 * 1024;  // of a body: it goes in one write with what stands before it
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Persistence persistence_of(bool last) { return last ? Persistence::close : Persistence::keep_alive; }

}  // namespace

Connection::Connection(std::unique_ptr<ByteStream> stream, Caller caller, std::shared_ptr<const ConnectionTerms> terms)
    : stream_(std::move(stream)),
      caller_(std::move(caller)),
      terms_(std::move(terms)),
      parser_(terms_->options.message),
      buffer_(kReadOctets) {}

net::Task<void> Connection::run() {
  while (!last_ && !stopping_) {
    auto request = co_await read_request();
    first_ = false;
    Status outcome;
    if (request) {
      outcome = co_await answer(*std::move(request));
    } else if (phase_ == Phase::reading && request.error().code != Code::truncated &&
               request.error().code != Code::connection_reset) {
      last_ = true;
      const ResponseForm form{.persistence = Persistence::close, .now = terms_->options.clock->now()};
      outcome = co_await send(problem(request.error()), form);
    } else {
      break;
    }
    if (!outcome) break;
    phase_ = Phase::idle;
  }
  phase_ = Phase::closing;
  co_await stream_->finish(terms_->room);
}

void Connection::stop() {
  stopping_ = true;
  if (phase_ == Phase::idle || phase_ == Phase::reading || phase_ == Phase::sharing) stream_->close();
}

net::Task<Result<Request>> Connection::read_request() {
  const ServerOptions& options = terms_->options;
  phase_ = Phase::idle;
  net::Deadline deadline = net::in(first_ ? options.header_deadline : options.idle_deadline);
  CO_TRY_DONE(parser_.feed({}));  // what a pipeline has brought already
  bool in_body = false;
  while (true) {
    if (parser_.started() && phase_ == Phase::idle) {
      phase_ = Phase::reading;
      deadline = net::in(options.header_deadline);
    }
    if (parser_.complete()) break;
    if (parser_.header_complete() && !in_body) {
      in_body = true;
      deadline = net::in(options.body_deadline);
      if (parser_.expects_continue()) {
        CO_TRY_DONE(co_await stream_->write(as_bytes(kContinue), deadline));
      }
    }
    auto octets = co_await stream_->read_some(buffer_, deadline);
    if (!octets) {
      if (octets.error().code == Code::connection_timeout) {
        co_return fail(Code::connection_idle, "the request did not come whole in time");
      }
      co_return std::unexpected(octets.error());
    }
    if (*octets == 0) co_return fail(Code::truncated, "the connection ended within a request");
    auto fed = parser_.feed(ByteView(buffer_).first(*octets));
    if (!fed) {
      phase_ = Phase::reading;
      co_return std::unexpected(fed.error());
    }
  }
  last_ = !parser_.keep_alive();
  co_return parser_.take();
}

net::Task<Response> Connection::handle(Request request) {
  std::string failure;
  try {
    co_return co_await terms_->handler(std::move(request), caller_);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  co_return problem({Code::internal, failure});
}

net::Task<Status> Connection::answer(Request request) {
  phase_ = Phase::answering;
  const bool head = request.method == "HEAD";
  Response response = co_await handle(std::move(request));
  last_ = last_ || stopping_;
  using BodyExpected = ResponseParser::BodyExpected;
  const ResponseForm form{.persistence = persistence_of(last_),
                          .body = head ? BodyExpected::no : BodyExpected::yes,
                          .now = terms_->options.clock->now()};
  co_return co_await send(std::move(response), form);
}

net::Task<Status> Connection::send(Response response, ResponseForm form) {
  const auto deadline = [this] { return net::in(terms_->options.write_deadline); };
  auto octets = to_wire(response, form);
  if (!octets) {
    last_ = true;
    octets = to_wire(problem({Code::internal, octets.error().words}),
                     {.persistence = Persistence::close, .body = form.body, .now = form.now});
    response.shared = nullptr;
    response.source = nullptr;
  }
  const bool with_body = form.body != ResponseParser::BodyExpected::no;
  if (with_body && response.shared && response.shared->size() <= kAtOnce) {
    *octets += *response.shared;
    co_return co_await stream_->write(as_bytes(*octets), deadline());
  }
  CO_TRY_DONE(co_await stream_->write(as_bytes(*octets), deadline()));
  if (!with_body) co_return Status();
  if (response.shared) co_return co_await share(std::move(response.shared));
  if (!response.source) co_return Status();
  while (auto piece = co_await response.source->next()) {
    const std::string framed = chunk(*piece);
    CO_TRY_DONE(co_await stream_->write(as_bytes(framed), deadline()));
  }
  const std::string end = chunk({});
  co_return co_await stream_->write(as_bytes(end), deadline());
}

// Piece by piece: a peer who takes none of it is found out long before the whole must be taken. Until then it holds
// octets that many share, of which there may be newer ones.
net::Task<Status> Connection::share(std::shared_ptr<const std::string> body) {
  phase_ = Phase::sharing;
  const net::Deadline whole = net::in(terms_->options.shared_deadline);
  for (std::string_view rest = *body; !rest.empty(); rest.remove_prefix(std::min(rest.size(), kPiece))) {
    if (stopping_) co_return fail(Code::cancelled, "the server is stopping");
    const net::Deadline piece = std::min(whole, net::in(terms_->options.write_deadline));
    CO_TRY_DONE(co_await stream_->write(as_bytes(rest.substr(0, kPiece)), piece));
  }
  co_return Status();
}

}  // namespace symbolon::http
