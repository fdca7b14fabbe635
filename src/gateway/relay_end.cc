#include "gateway/relay_end.h"

#include <sys/socket.h>

#include <algorithm>

namespace symbolon::gateway {
namespace {

tls::Attempt done(ssize_t octets) {
  return {.state = tls::Attempt::State::done, .octets = static_cast<std::size_t>(octets)};
}

tls::Attempt failed(int problem) {
  return {.state = tls::Attempt::State::failed,
          .code = Code::connection_reset,
          .error = {problem, boost::system::system_category()}};
}

// Who sends as much in one go has more on its way: asking again costs less than waiting to be told.
constexpr std::size_t kBulk = 8 * 1024;

tls::Attempt read_plain(int descriptor, std::span<std::uint8_t> into) {
  while (true) {
    const ssize_t got = ::recv(descriptor, into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) {
      const auto octets = static_cast<std::size_t>(got);
      return {.state = tls::Attempt::State::done, .octets = octets, .drained = octets < std::min(into.size(), kBulk)};
    }
    if (got == 0) return {.state = tls::Attempt::State::end};
    if (errno == EAGAIN) return {.state = tls::Attempt::State::want_read};
    if (errno != EINTR) return failed(errno);
  }
}

tls::Attempt write_plain(int descriptor, std::span<const std::uint8_t> from) {
  while (true) {
    const ssize_t put = ::send(descriptor, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put >= 0) return done(put);
    if (errno == EAGAIN) return {.state = tls::Attempt::State::want_write};
    if (errno != EINTR) return failed(errno);
  }
}

}  // namespace

net::Socket& RelayEnd::socket() {
  if (auto* const stream = std::get_if<tls::Stream>(&end_)) return stream->socket();
  return std::get<net::Socket>(end_);
}

tls::Attempt RelayEnd::try_read(std::span<std::uint8_t> into) {
  if (auto* const stream = std::get_if<tls::Stream>(&end_)) return stream->try_read(into);
  return read_plain(std::get<net::Socket>(end_).native_handle(), into);
}

tls::Attempt RelayEnd::try_write(std::span<const std::uint8_t> from) {
  if (auto* const stream = std::get_if<tls::Stream>(&end_)) return stream->try_write(from);
  return write_plain(std::get<net::Socket>(end_).native_handle(), from);
}

tls::Attempt RelayEnd::try_close_write() {
  tls::Attempt closed{.state = tls::Attempt::State::done};
  if (auto* const stream = std::get_if<tls::Stream>(&end_)) closed = stream->try_close_notify();
  if (closed.state == tls::Attempt::State::done) ::shutdown(socket().native_handle(), SHUT_WR);
  return closed;
}

net::Task<void> RelayEnd::close(std::shared_ptr<net::DrainRoom> room) {
  if (auto* const stream = std::get_if<tls::Stream>(&end_)) {
    co_await stream->close(std::move(room));
  } else {
    co_await net::drain_and_close(std::move(std::get<net::Socket>(end_)), std::move(room));
  }
}

net::Task<void> RelayEnd::cut(std::shared_ptr<net::DrainRoom> room) {
  if (is_tls()) {
    co_await net::drain_and_close(std::move(socket()), std::move(room));
  } else {
    co_await net::deliver_and_reset(std::move(socket()), std::move(room));
  }
}

void RelayEnd::abort() {
  boost::system::error_code ignored;
  socket().close(ignored);
}

}  // namespace symbolon::gateway
