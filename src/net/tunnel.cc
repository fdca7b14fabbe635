#include "net/tunnel.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <system_error>

#include "net/http_connect.h"
#include "net/socks5.h"

namespace symbolon::net {
namespace {

Task<Status> wait(Socket& socket, Socket::wait_type what, const CancelAt& cancel) {
  boost::system::error_code error;
  co_await socket.async_wait(what, boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (cancel.passed()) co_return fail(Code::connection_timeout, "the proxy did not answer in time");
  if (error) co_return fail(Code::cancelled, "{}", error.message());
  co_return Status();
}

std::unexpected<Error> broken(int problem) {
  return fail(Code::proxy_refused, "the proxy ended the connection: {}", std::generic_category().message(problem));
}

Task<Status> send_all(Socket& socket, ByteView octets, const CancelAt& cancel) {
  while (!octets.empty()) {
    const ssize_t put = ::send(socket.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put > 0) {
      octets = octets.subspan(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      CO_TRY_DONE(co_await wait(socket, Socket::wait_write, cancel));
    } else if (errno != EINTR) {
      co_return broken(errno);
    }
  }
  co_return Status();
}

// At least one octet, at most `most`; with MSG_PEEK they stay where they are.
Task<Result<std::size_t>> receive(Socket& socket, std::span<std::uint8_t> into, int flags, const CancelAt& cancel) {
  while (true) {
    const ssize_t got = ::recv(socket.native_handle(), into.data(), into.size(), MSG_DONTWAIT | flags);
    if (got > 0) co_return static_cast<std::size_t>(got);
    if (got == 0) co_return fail(Code::proxy_refused, "the proxy closed the connection");
    if (errno == EAGAIN) {
      CO_TRY_DONE(co_await wait(socket, Socket::wait_read, cancel));
    } else if (errno != EINTR) {
      co_return broken(errno);
    }
  }
}

Task<Status> over_http(Socket& socket, std::shared_ptr<const TunnelProxy> proxy, Endpoint to, const CancelAt& cancel) {
  std::string request = connect_request(to, proxy->credentials.get());
  Status sent = co_await send_all(socket, as_bytes(request), cancel);
  explicit_bzero(request.data(), request.size());
  if (!sent) co_return sent;
  ConnectAnswer answer;
  std::array<std::uint8_t, 1024> piece{};
  while (!answer.connected()) {
    CO_TRY(const std::size_t seen, co_await receive(socket, piece, MSG_PEEK, cancel));
    CO_TRY(const std::size_t used, answer.take(as_text(ByteView(piece).first(seen))));
    CO_TRY_DONE(co_await receive(socket, std::span(piece).first(used), 0, cancel));
  }
  co_return Status();
}

Task<Status> over_socks(Socket& socket, std::shared_ptr<const TunnelProxy> proxy, Endpoint to, const CancelAt& cancel) {
  Socks5Client client(to, proxy->credentials.get());
  std::array<std::uint8_t, 512> piece{};
  while (client.wants() != 0) {
    Bytes output = client.take_output();
    const Status sent = co_await send_all(socket, output, cancel);
    if (!output.empty()) explicit_bzero(output.data(), output.size());
    if (!sent) co_return sent;
    const std::size_t wanted = client.wants();
    for (std::size_t have = 0; have < wanted;) {
      const auto rest = std::span(piece).subspan(have, wanted - have);
      CO_TRY(const std::size_t got, co_await receive(socket, rest, 0, cancel));
      have += got;
    }
    CO_TRY_DONE(client.take(ByteView(piece).first(wanted)));
  }
  co_return Status();
}

}  // namespace

Task<Status> open_tunnel(Socket& socket, std::shared_ptr<const TunnelProxy> proxy, Endpoint to, Deadline deadline) {
  const CancelAt cancel(socket, deadline);
  switch (proxy->kind) {
    case TunnelProxy::Kind::http_connect: co_return co_await over_http(socket, proxy, std::move(to), cancel);
    case TunnelProxy::Kind::socks5: co_return co_await over_socks(socket, proxy, std::move(to), cancel);
  }
  co_return fail(Code::internal, "a proxy of no kind");
}

}  // namespace symbolon::net
