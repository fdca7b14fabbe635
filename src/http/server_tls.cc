// The mutual TLS side of Server.
#include "http/server_state.h"

namespace symbolon::http {

namespace {

struct TlsTerms {
  RoutesSource routes;
  std::shared_ptr<const ConnectionTerms> connection;
};

net::Task<std::optional<Server::Impl::Opened>> open_tls(net::Socket socket, Caller caller, TlsTerms terms) {
  const ServerOptions& options = terms.connection->options;
  auto stream = tls::Stream::server(std::move(socket), terms.routes());
  if (!stream) co_return std::nullopt;
  auto peer = co_await stream->handshake(net::in(options.handshake_deadline));
  if (!peer) {
    if (options.on_refusal) options.on_refusal(peer.error(), caller.source);
    co_await stream->close(terms.connection->room);
    co_return std::nullopt;
  }
  caller.transport = Transport::tls;
  if (peer->admission) caller.verified_path = peer->admission->path;
  Server::Impl::Opened opened{make_stream(*std::move(stream)), std::move(caller)};
  co_return std::optional<Server::Impl::Opened>(std::move(opened));
}

}  // namespace

Result<net::Endpoint> Server::listen(const net::Endpoint& endpoint, RoutesSource routes) {
  TlsTerms terms{std::move(routes), impl_->terms};
  return impl_->listen(endpoint, [terms = std::move(terms)](net::Socket socket, Caller caller) {
    return open_tls(std::move(socket), std::move(caller), terms);
  });
}

}  // namespace symbolon::http
