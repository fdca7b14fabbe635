#include "net/drain.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace symbolon::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstLook = 1ms;
constexpr std::chrono::milliseconds kLongestLook = 50ms;

// What is read only to be forgotten goes here. Not in a coroutine's frame: a thousand may wait at once.
thread_local std::array<char, 16 * 1024> trash;

// Reads and forgets until the peer closes, `octets` have come, or the deadline cancels the waiting.
Task<void> discard(Socket& socket, std::size_t octets, Deadline deadline) {
  const CancelAt cancel(socket, deadline);
  while (!cancel.passed()) {
    const ssize_t got = ::recv(socket.native_handle(), trash.data(), trash.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) co_return;
    if (got > 0) {
      if (static_cast<std::size_t>(got) >= octets) co_return;
      octets -= static_cast<std::size_t>(got);
      continue;
    }
    boost::system::error_code error;
    co_await socket.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

// Not yet acknowledged. A figure that nothing announces: it is looked at.
Task<void> await_delivery(Socket& socket, Deadline deadline) {
  asio::steady_timer pause(socket.get_executor());
  auto span = kFirstLook;
  int octets = 0;
  while (::ioctl(socket.native_handle(), SIOCOUTQ, &octets) == 0 && octets > 0) {
    if (std::chrono::steady_clock::now() >= deadline) co_return;
    boost::system::error_code ignored;
    pause.expires_after(span);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    span = std::min(span * 2, kLongestLook);
  }
}

bool is_unix(Socket& socket) {
  boost::system::error_code error;
  return socket.local_endpoint(error).protocol().family() == AF_UNIX;
}

struct Leave {
  DrainRoom& room;
  ~Leave() { room.leave(); }
};

}  // namespace

bool DrainRoom::enter() {
  if (inside_.fetch_add(1, std::memory_order_relaxed) < limits_.drainers) return true;
  leave();
  return false;
}

Task<void> drain_and_close(Socket socket, std::shared_ptr<DrainRoom> room) {
  boost::system::error_code ignored;
  if (room && room->enter()) {
    const Leave leave{*room};
    socket.shutdown(Socket::shutdown_send, ignored);
    co_await discard(socket, room->limits().octets, in(room->limits().time));
  }
  socket.close(ignored);
}

Task<void> deliver_and_reset(Socket socket, std::shared_ptr<DrainRoom> room) {
  boost::system::error_code ignored;
  if (!is_unix(socket)) {
    if (room && room->enter()) {
      const Leave leave{*room};
      co_await await_delivery(socket, in(room->limits().time));
    }
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  socket.close(ignored);
}

}  // namespace symbolon::net
