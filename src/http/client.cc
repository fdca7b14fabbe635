#include "http/client.h"

#include <array>

#include "net/dial.h"

namespace symbolon::http {

struct Client::Impl {
  std::unique_ptr<ByteStream> stream;
  std::string host;
  ClientLimits limits;
  bool usable = true;

  // Called whenever something has come, once more when the answer is whole.
  using OnPiece = std::function<Status(ResponseParser&)>;
  net::Task<Result<Response>> call(Request request, net::Deadline deadline, OnPiece on_piece);
};

Client::Client(std::unique_ptr<ByteStream> stream, std::string host, ClientLimits limits)
    : impl_(std::make_unique<Impl>(Impl{std::move(stream), std::move(host), limits})) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

net::Task<Result<Response>> Client::call(Request request, net::Deadline deadline, OnBody on_body) {
  Impl::OnPiece on_piece;
  if (on_body) {
    on_piece = [see = std::move(on_body)](ResponseParser& parser) -> Status {
      if (!parser.complete()) see(parser.body());
      return {};
    };
  }
  return impl_->call(std::move(request), deadline, std::move(on_piece));
}
net::Task<Result<Response>> Client::call_in_pieces(Request request, net::Deadline deadline, TakeBody take) {
  Impl::OnPiece on_piece = [give = std::move(take)](ResponseParser& parser) -> Status {
    const std::string piece = parser.take_body();
    return piece.empty() ? Status() : give(parser.status(), piece);
  };
  return impl_->call(std::move(request), deadline, std::move(on_piece));
}
bool Client::usable() const { return impl_ && impl_->usable; }
bool Client::quiet() const { return usable() && impl_->stream->quiet(); }
void Client::close() {
  impl_->usable = false;
  impl_->stream->close();
}

net::Task<Result<Response>> Client::Impl::call(Request request, net::Deadline deadline, OnPiece on_piece) {
  if (!usable) co_return fail(Code::cancelled, "the connection is spent");
  usable = false;  // until the answer is whole
  using BodyExpected = ResponseParser::BodyExpected;
  ResponseParser parser(limits.message, request.method == "HEAD" ? BodyExpected::no : BodyExpected::yes);
  request.headers.set("Host", host);
  CO_TRY(const auto octets, to_wire(request));
  const auto sent = co_await stream->write(as_bytes(octets), deadline);
  // A server that refuses early answers before it closes: read all the same.
  if (!sent && sent.error().code != Code::connection_reset) co_return std::unexpected(sent.error());
  std::array<std::uint8_t, 64 << 10> buffer;
  while (!parser.complete()) {
    CO_TRY(const auto count, co_await stream->read_some(buffer, deadline));
    if (count == 0) {
      CO_TRY_DONE(parser.finish());
      break;
    }
    CO_TRY_DONE(parser.feed(ByteView(buffer).first(count)));
    if (on_piece) {
      CO_TRY_DONE(on_piece(parser));
    }
  }
  usable = sent && parser.complete() && parser.keep_alive();
  co_return parser.take();
}

net::Task<Result<std::unique_ptr<ByteStream>>> connect(net::Endpoint endpoint, net::Deadline deadline) {
  CO_TRY(auto socket, co_await net::dial(std::move(endpoint), deadline));
  co_return make_stream(std::move(socket));
}

}  // namespace symbolon::http
