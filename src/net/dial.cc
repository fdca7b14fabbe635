#include "net/dial.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <system_error>

namespace symbolon::net {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

Code code_of(int problem) {
  switch (problem) {
    case ECONNREFUSED:
    case ENOENT: return Code::connection_refused;
    case ETIMEDOUT: return Code::connection_timeout;
    case ENETUNREACH:
    case EHOSTUNREACH: return Code::network_unreachable;
    case EMFILE:
    case ENFILE: return Code::out_of_descriptors;
    default: return Code::system_error;
  }
}

std::unexpected<Error> refuse(const Endpoint& endpoint, int problem) {
  return fail(code_of(problem), "connecting to {}: {}", endpoint.text(), std::generic_category().message(problem));
}

std::unexpected<Error> too_late(const Endpoint& endpoint) {
  return fail(Code::connection_timeout, "connecting to {}: no answer in time", endpoint.text());
}

Task<Result<std::vector<tcp::endpoint>>> resolve(const Endpoint& endpoint, Deadline deadline) {
  std::vector<tcp::endpoint> out;
  if (endpoint.kind != Endpoint::Kind::name) {
    boost::system::error_code error;
    const std::string host = endpoint.kind == Endpoint::Kind::any ? "127.0.0.1" : endpoint.host;
    out.emplace_back(asio::ip::make_address(host, error), endpoint.port);
    if (error) co_return fail(Code::name_not_found, "{} is no address", endpoint.text());
    co_return out;
  }
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  asio::steady_timer timer(executor);
  bool late = false;
  timer.expires_at(deadline);
  auto on_time = [&resolver, &late](boost::system::error_code error) {
    if (error) return;
    late = true;
    resolver.cancel();
  };
  timer.async_wait(on_time);
  boost::system::error_code error;
  const std::string port = std::to_string(endpoint.port);
  const auto found = co_await resolver.async_resolve(endpoint.host, port, tcp::resolver::numeric_service,
                                                     asio::redirect_error(asio::use_awaitable, error));
  timer.cancel();
  if (late) co_return too_late(endpoint);
  if (error) co_return fail(Code::name_not_found, "{}: {}", endpoint.text(), error.message());
  for (const auto& one : found) out.push_back(one.endpoint());
  co_return out;
}

// `address` and `length` as connect(2) takes them.
Task<Result<Socket>> connect_one(const Endpoint& endpoint, const sockaddr* address, socklen_t length,
                                 Deadline deadline) {
  const auto executor = co_await asio::this_coro::executor;
  const int descriptor = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return refuse(endpoint, errno);
  auto adopted = adopt(executor, descriptor);
  if (!adopted) co_return adopted;
  Socket socket = std::move(*adopted);
  if (::connect(descriptor, address, length) == 0) co_return socket;
  if (errno != EINPROGRESS) co_return refuse(endpoint, errno);
  {
    const CancelAt cancel(socket, deadline);
    boost::system::error_code error;
    co_await socket.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
    if (cancel.passed()) co_return too_late(endpoint);
    if (error) co_return fail(Code::cancelled, "connecting to {}: {}", endpoint.text(), error.message());
  }
  int problem = 0;
  socklen_t size = sizeof(problem);
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) co_return refuse(endpoint, problem);
  co_return socket;
}

}  // namespace

Task<Result<Socket>> dial(Endpoint endpoint, Deadline deadline) {
  if (endpoint.kind == Endpoint::Kind::unix_path) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, endpoint.host.data(), std::min(endpoint.host.size(), sizeof(local.sun_path) - 1));
    co_return co_await connect_one(endpoint, reinterpret_cast<const sockaddr*>(&local), sizeof(local), deadline);
  }
  CO_TRY(const auto addresses, co_await resolve(endpoint, deadline));
  Result<Socket> outcome = fail(Code::name_not_found, "{} has no address", endpoint.text());
  for (const auto& address : addresses) {
    outcome = co_await connect_one(endpoint, address.data(), static_cast<socklen_t>(address.size()), deadline);
    if (outcome || std::chrono::steady_clock::now() >= deadline) break;
  }
  co_return outcome;
}

}  // namespace symbolon::net
