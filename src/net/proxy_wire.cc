#include "net/proxy_wire.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace symbolon::net {
namespace {

// Looks at what has come and takes of it what belongs to the header. The length that the header has as far as is known.
// Without anything there: EAGAIN in `problem`.
struct Step {
  Result<std::size_t> length;
  int problem = 0;
};

Step take_some(Socket& socket, Bytes& header) {
  std::array<std::uint8_t, 4096> seen;
  const ssize_t got = ::recv(socket.native_handle(), seen.data(), seen.size(), MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return {header.size() + 1, errno};
  if (got == 0)
    return {fail(Code::handshake_closed, "the connection ended after {} octets of a header", header.size())};
  const std::size_t before = header.size();
  header.insert(header.end(), seen.begin(), seen.begin() + got);
  Step step{proxy_header_length(header)};
  if (!step.length) return step;
  if (*step.length > kMostReceivedProxyHeader)
    return {fail(Code::proxy_header_malformed, "a header of {} octets; at most {} are taken", *step.length,
                 kMostReceivedProxyHeader)};
  header.resize(std::min(header.size(), *step.length));
  if (::recv(socket.native_handle(), seen.data(), header.size() - before, MSG_DONTWAIT) < 0) step.problem = errno;
  return step;
}

}  // namespace

Task<Result<ProxyHeader>> receive_proxy_header(Socket& socket, Deadline deadline) {
  const CancelAt cancel(socket, deadline);
  Bytes header;
  while (true) {
    const Step step = take_some(socket, header);
    if (!step.length) co_return std::unexpected(step.length.error());
    if (step.problem == 0) {
      if (*step.length > header.size()) continue;
      co_return parse_proxy_header(header);
    }
    if (step.problem == EINTR) continue;
    if (step.problem != EAGAIN)
      co_return fail(Code::handshake_reset, "the connection was reset after {} octets of a header", header.size());
    boost::system::error_code error;
    co_await socket.async_wait(Socket::wait_read, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (!error) continue;
    if (cancel.passed())
      co_return fail(Code::proxy_header_timeout, "{} octets of a header came, and no more", header.size());
    co_return fail(Code::cancelled, "{}", error.message());
  }
}

Task<Status> send_proxy_header(Socket& socket, const Bytes& header, Deadline deadline) {
  const CancelAt cancel(socket, deadline);
  boost::system::error_code error;
  co_await boost::asio::async_write(socket, boost::asio::buffer(header),
                                    boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (!error) co_return Status{};
  if (cancel.passed()) co_return fail(Code::connection_timeout, "the PROXY protocol header was not taken in time");
  if (error == boost::asio::error::operation_aborted) co_return fail(Code::cancelled, "{}", error.message());
  co_return fail(Code::connection_reset, "the PROXY protocol header was not taken: {}", error.message());
}

}  // namespace symbolon::net
