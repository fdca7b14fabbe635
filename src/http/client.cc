#include "http/client.h"

#include <array>

#include "net/dial.h"

namespace symbolon::http {

struct Client::Impl {
  std::unique_ptr<ByteStream> stream;
  std::string host;
  ClientLimits limits;
  bool usable = true;

  net::Task<Result<Response>> call(Request request, net::Deadline deadline, OnBody on_body);
};

Client::Client(std::unique_ptr<ByteStream> stream, std::string host, ClientLimits limits)
    : impl_(std::make_unique<Impl>(Impl{std::move(stream), std::move(host), limits})) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

net::Task<Result<Response>> Client::call(Request request, net::Deadline deadline, OnBody on_body) {
  return impl_->call(std::move(request), deadline, std::move(on_body));
}
bool Client::usable() const { return impl_ && impl_->usable; }
bool Client::quiet() const { return usable() && impl_->stream->quiet(); }
void Client::close() {
  impl_->usable = false;
  impl_->stream->close();
}

net::Task<Result<Response>> Client::Impl::call(Request request, net::Deadline deadline, OnBody on_body) {
  if (!usable) co_return fail(Code::cancelled, "the connection is spent");
  usable = false;  // until the answer is whole
  using BodyExpected = ResponseParser::BodyExpected;
  ResponseParser parser(limits.message, request.method == "HEAD" ? BodyExpected::no : BodyExpected::yes);
  request.headers.set("Host", host);
  CO_TRY(const auto octets, to_wire(request));
  const auto sent = co_await stream->write(as_bytes(octets), deadline);
  // A server that refuses early answers before it closes: read all the same.
  if (!sent && sent.error().code != Code::connection_reset) co_return std::unexpected(sent.error());
  std::array<std::uint8_t, 16 << 10> buffer;
  while (!parser.complete()) {
    CO_TRY(const auto count, co_await stream->read_some(buffer, deadline));
    if (count == 0) {
      CO_TRY_DONE(parser.finish());
      break;
    }
    CO_TRY_DONE(parser.feed(ByteView(buffer).first(count)));
    if (on_body && !parser.complete()) on_body(parser.body());
  }
  usable = sent && parser.complete() && parser.keep_alive();
  co_return parser.take();
}

net::Task<Result<std::unique_ptr<ByteStream>>> connect(net::Endpoint endpoint, net::Deadline deadline) {
  CO_TRY(auto socket, co_await net::dial(std::move(endpoint), deadline));
  co_return make_stream(std::move(socket));
}

}  // namespace symbolon::http
