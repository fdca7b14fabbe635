#include "net/drain.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace symbolon::net {
namespace {

// Reads and forgets until the peer closes, `octets` have come, or the deadline cancels the waiting.
Task<void> discard(Socket& socket, std::size_t octets, Deadline deadline) {
  const CancelAt cancel(socket, deadline);
  while (!cancel.passed()) {
    std::array<char, 16 * 1024> trash;
    const ssize_t got = ::recv(socket.native_handle(), trash.data(), trash.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) co_return;
    if (got > 0) {
      if (static_cast<std::size_t>(got) >= octets) co_return;
      octets -= static_cast<std::size_t>(got);
      continue;
    }
    boost::system::error_code error;
    co_await socket.async_wait(Socket::wait_read, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) co_return;
  }
}

}  // namespace

bool DrainRoom::enter() {
  if (inside_.fetch_add(1, std::memory_order_relaxed) < limits_.drainers) return true;
  leave();
  return false;
}

Task<void> drain_and_close(Socket socket, std::shared_ptr<DrainRoom> room) {
  boost::system::error_code ignored;
  if (room && room->enter()) {
    struct Leave {
      DrainRoom& room;
      ~Leave() { room.leave(); }
    } leave{*room};
    socket.shutdown(Socket::shutdown_send, ignored);
    co_await discard(socket, room->limits().octets, in(room->limits().time));
  }
  socket.close(ignored);
}

}  // namespace symbolon::net
