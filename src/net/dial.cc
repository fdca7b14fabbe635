#include "net/dial.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <system_error>

#include "net/listener.h"

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

std::unexpected<Error> refuse(int problem) {
  return fail(code_of(problem), "{}", std::generic_category().message(problem));
}

std::unexpected<Error> too_late() { return fail(Code::connection_timeout, "no answer in time"); }

Address unix_address(const std::string& path) {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), std::min(path.size(), sizeof(local.sun_path) - 1));
  return {&local, sizeof(local), 0};
}

Task<Result<std::vector<Address>>> look_up(Endpoint endpoint, Deadline deadline) {
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
  if (late) co_return fail(Code::connection_timeout, "{}: the name was not resolved in time", endpoint.host);
  if (error) co_return fail(Code::name_not_found, "{}: {}", endpoint.host, error.message());
  std::vector<Address> out;
  for (const auto& one : found) {
    if (out.size() < kMostAddresses) out.emplace_back(one.endpoint());
  }
  if (out.empty()) co_return fail(Code::name_not_found, "{} has no address", endpoint.host);
  co_return out;
}

}  // namespace

Task<Result<std::vector<Address>>> resolve(Endpoint endpoint, Deadline deadline) {
  if (endpoint.kind == Endpoint::Kind::name) co_return co_await look_up(std::move(endpoint), deadline);
  std::vector<Address> out;
  if (endpoint.kind == Endpoint::Kind::unix_path) {
    out.push_back(unix_address(endpoint.host));
    co_return out;
  }
  boost::system::error_code error;
  const std::string host = endpoint.kind == Endpoint::Kind::any ? "127.0.0.1" : endpoint.host;
  const auto address = asio::ip::make_address(host, error);
  if (error) co_return fail(Code::name_not_found, "{} is no address", endpoint.text());
  out.emplace_back(tcp::endpoint(address, endpoint.port));
  co_return out;
}

Task<Status> connect(Socket& socket, Address address, Deadline deadline) {
  const int family = address.protocol().family();
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return refuse(errno);
  auto adopted = adopt(socket.get_executor(), descriptor);
  if (!adopted) co_return std::unexpected(std::move(adopted).error());
  socket = std::move(*adopted);
  if (::connect(descriptor, address.data(), static_cast<socklen_t>(address.size())) == 0) co_return Status();
  if (errno != EINPROGRESS) co_return refuse(errno);
  {
    const CancelAt cancel(socket, deadline);
    boost::system::error_code error;
    co_await socket.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
    if (cancel.passed()) co_return too_late();
    if (error) co_return fail(Code::cancelled, "{}", error.message());
  }
  int problem = 0;
  socklen_t size = sizeof(problem);
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size);
  if (problem != 0) co_return refuse(problem);
  co_return Status();
}

Deadline share_of(Deadline deadline, std::size_t left) {
  const Deadline now = std::chrono::steady_clock::now();
  if (left < 2 || now >= deadline) return deadline;
  return now + (deadline - now) / static_cast<std::int64_t>(left);
}

std::string text(const Address& address) {
  sockaddr_storage storage{};
  std::memcpy(&storage, address.data(), std::min(address.size(), sizeof(storage)));
  return PeerAddress::from(storage).text();
}

Task<Result<Socket>> dial(Endpoint endpoint, Deadline deadline) {
  CO_TRY(const auto addresses, co_await resolve(endpoint, deadline));
  const auto executor = co_await asio::this_coro::executor;
  Error last;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    Socket socket(executor);
    Status connected = co_await connect(socket, addresses[i], share_of(deadline, addresses.size() - i));
    if (connected) co_return socket;
    last = std::move(connected).error();
    if (std::chrono::steady_clock::now() >= deadline) break;
  }
  co_return fail(last.code, "connecting to {}: {}", endpoint.text(), last.words);
}

}  // namespace symbolon::net
