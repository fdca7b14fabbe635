#include "net/dial.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
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

// The queue of a Unix socket is full: nothing says when it has room again.
constexpr std::chrono::milliseconds kQueuePause{5};

Task<Result<std::vector<Address>>> look_up(Endpoint endpoint, Resolver& resolver, asio::steady_timer& timer,
                                           Deadline deadline) {
  auto found = co_await resolver.resolve(std::move(endpoint.host), endpoint.port, timer, deadline);
  if (found && found->size() > kMostAddresses) found->resize(kMostAddresses);
  co_return found;
}

// Once; errno, or 0.
int try_connect(int descriptor, const Address& address) {
  return ::connect(descriptor, address.data(), static_cast<socklen_t>(address.size())) == 0 ? 0 : errno;
}

Dialers& dialers_of_this_process() {
  static Dialers kDialers;
  return kDialers;
}

// `descriptor` is a socket, or -errno. 0, or errno.
int take(Socket& socket, int descriptor) {
  if (descriptor < 0) return -descriptor;
  auto adopted = adopt(socket.get_executor(), descriptor);
  if (!adopted) return EMFILE;
  socket = std::move(*adopted);
  return 0;
}

// As try_connect, through who does it for this process.
int try_connect_unix(Socket& socket, const Address& address) {
  const auto* const local = reinterpret_cast<const sockaddr_un*>(address.data());
  const std::size_t room = address.size() - offsetof(sockaddr_un, sun_path);
  return take(socket,
              dialers_of_this_process().to_unix(std::string(local->sun_path, ::strnlen(local->sun_path, room))));
}

int try_connect_tcp(Socket& socket, const Address& address) {
  const std::string_view octets(reinterpret_cast<const char*>(address.data()), address.size());
  const int problem = take(socket, dialers_of_this_process().to_tcp(octets));
  return problem == 0 ? EINPROGRESS : problem;
}

// A connection within the machine stands at once.
bool writable_now(Socket& socket) {
  pollfd one{.fd = socket.native_handle(), .events = POLLOUT, .revents = 0};
  return ::poll(&one, 1, 0) == 1;
}

// Whoever asked the reactor once whether a socket can be written to hears of it at each later wait to read from it, for
// nothing. So it is told to forget. 0, or errno.
int forget_waits(Socket& socket, const Address& address) {
  boost::system::error_code error;
  const int descriptor = socket.release(error);
  if (error) return error.value();
  socket.assign({address.protocol().family(), 0}, descriptor, error);
  if (error) ::close(descriptor);
  return error.value();
}

}  // namespace

void dial_through(Dialers dialers) { dialers_of_this_process() = std::move(dialers); }

Task<Result<std::vector<Address>>> resolve(Endpoint endpoint, Resolver& resolver, asio::steady_timer& timer,
                                           Deadline deadline) {
  if (endpoint.kind == Endpoint::Kind::name) {
    co_return co_await look_up(std::move(endpoint), resolver, timer, deadline);
  }
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

Task<Status> connect(Socket& socket, Address address, asio::steady_timer& timer, Deadline deadline) {
  const int family = address.protocol().family();
  const bool through = family == AF_UNIX && dialers_of_this_process().to_unix;
  int descriptor = -1;
  if (!through) {
    descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) co_return refuse(errno);
    auto adopted = adopt(socket.get_executor(), descriptor);
    if (!adopted) co_return std::unexpected(std::move(adopted).error());
    socket = std::move(*adopted);
  }
  const auto attempt = [&] { return through ? try_connect_unix(socket, address) : try_connect(descriptor, address); };
  boost::system::error_code error;
  int problem = attempt();
  while (problem == EAGAIN && family == AF_UNIX) {
    if (std::chrono::steady_clock::now() + kQueuePause >= deadline) co_return too_late();
    timer.expires_after(kQueuePause);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return fail(Code::cancelled, "{}", error.message());
    problem = attempt();
  }
  if (problem == EACCES && family != AF_UNIX && dialers_of_this_process().to_tcp)
    problem = try_connect_tcp(socket, address);
  if (problem == 0) co_return Status();
  if (problem != EINPROGRESS) co_return refuse(problem);
  if (!writable_now(socket)) {
    {
      const CancelAt cancel(socket, deadline);
      co_await socket.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
      if (cancel.passed()) co_return too_late();
      if (error) co_return fail(Code::cancelled, "{}", error.message());
    }
    if (const int left = forget_waits(socket, address); left != 0) co_return refuse(left);
  }
  socklen_t size = sizeof(problem);
  getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &problem, &size);
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
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  CO_TRY(const auto addresses, co_await resolve(endpoint, *Resolver::of_system(), timer, deadline));
  Error last;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    Socket socket(executor);
    Status connected = co_await connect(socket, addresses[i], timer, share_of(deadline, addresses.size() - i));
    if (connected) co_return socket;
    last = std::move(connected).error();
    if (std::chrono::steady_clock::now() >= deadline) break;
  }
  co_return fail(last.code, "connecting to {}: {}", endpoint.text(), last.words);
}

}  // namespace symbolon::net
