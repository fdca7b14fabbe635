#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <system_error>

namespace symbolon::net {
namespace {

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, out.data(), out.size());
  } else {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      inet_ntop(AF_INET, &v6.s6_addr[12], out.data(), out.size());
    } else {
      inet_ntop(AF_INET6, &v6, out.data(), out.size());
    }
  }
  return out.data();
}

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

}  // namespace

PeerAddress PeerAddress::from(const sockaddr_storage& address) {
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return {"unix", 0};
  return {address_text(address), port_of(address)};
}

std::string PeerAddress::text() const {
  if (address == "unix") return address;
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

PeerAddress local_address(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return PeerAddress::from(address);
}

Endpoint bound_to(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  if (address.ss_family == AF_UNIX)
    return {Endpoint::Kind::unix_path, reinterpret_cast<sockaddr_un&>(address).sun_path, 0};
  const std::string host = address_text(address);
  const bool any = host == "::" || host == "0.0.0.0";
  return {any ? Endpoint::Kind::any : Endpoint::Kind::address, any ? "" : host, port_of(address)};
}

Listener::Listener(const Executor& executor, ListeningSocket socket)
    : descriptor_(executor), local_(bound_to(socket.get())), reserve_(open_reserve()) {
  boost::system::error_code error;
  descriptor_.assign(socket.get(), error);
  ENSURE(!error);
  socket.release();
}

Listener::~Listener() {
  if (reserve_ >= 0) ::close(reserve_);
}

void Listener::close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void Listener::finish() {
  finishing_ = true;
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

Task<Result<Accepted>> Listener::accept_for(Executor executor) {
  namespace asio = boost::asio;
  while (descriptor_.is_open()) {
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    const int descriptor = accept4(descriptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &length,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      auto socket = adopt(executor, descriptor);
      if (!socket) co_return std::unexpected(std::move(socket).error());
      co_return Accepted{std::move(*socket), PeerAddress::from(address)};
    }
    const int problem = errno;
    if (problem == EAGAIN || problem == EWOULDBLOCK) {
      if (finishing_) {
        close();
        break;
      }
      boost::system::error_code error;
      co_await descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                                      asio::redirect_error(asio::use_awaitable, error));
      if (error && !finishing_) break;
      continue;
    }
    if (problem == EMFILE || problem == ENFILE) {
      // Without this the connection would stay in the queue, readable for ever, and its client would wait.
      if (reserve_ >= 0) ::close(reserve_);
      const int refused = accept4(descriptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
      if (refused >= 0) ::close(refused);
      reserve_ = open_reserve();
      co_return fail(Code::out_of_descriptors, "accepting on {}: {}", local_.text(),
                     std::generic_category().message(problem));
    }
    // What a connection that died in the queue leaves behind is no fault of the listener (accept(2), "Error handling").
    if (problem == ECONNABORTED || problem == EINTR || problem == EPROTO || problem == ENETDOWN ||
        problem == ENOPROTOOPT || problem == EHOSTDOWN || problem == ENONET || problem == EHOSTUNREACH ||
        problem == EOPNOTSUPP || problem == ENETUNREACH || problem == EPERM || problem == ETIMEDOUT)
      continue;
    co_return fail(Code::system_error, "accepting on {}: {}", local_.text(), std::generic_category().message(problem));
  }
  co_return fail(Code::cancelled, "{} is closed", local_.text());
}

}  // namespace symbolon::net
