#include "http/client.h"
#include "http/stream_of.h"
#include "net/dial.h"

namespace symbolon::http {

std::unique_ptr<ByteStream> make_stream(tls::Stream stream) {
  return std::make_unique<StreamOf<tls::Stream>>(std::move(stream));
}

net::Task<Result<std::unique_ptr<ByteStream>>> connect_tls(TlsTarget target, net::Deadline deadline) {
  CO_TRY(auto socket, co_await net::dial(target.endpoint, deadline));
  CO_TRY(auto stream, tls::Stream::client(std::move(socket), target.context, target.server_name));
  auto peer = co_await stream.handshake(deadline);
  if (!peer) {
    Error error = peer.error().error();
    if (error.where.empty()) error.where = target.endpoint.text();
    co_await stream.close(std::make_shared<net::DrainRoom>(net::DrainLimits{}));
    co_return std::unexpected(std::move(error));
  }
  co_return make_stream(std::move(stream));
}

}  // namespace symbolon::http
