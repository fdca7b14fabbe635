// The draining close: whoever closes a socket with unread input sends a reset, and the reset makes the peer's system
// throw away what it had received, the TLS alert included. So: stop writing, discard what still comes, then close.
#pragma once

#include <atomic>
#include <memory>

#include "net/socket.h"

namespace symbolon::net {

// docs/decisions/0003-drain.md has the reasons for the figures.
struct DrainLimits {
  std::size_t octets = 512 * 1024;       // discarded at most
  std::chrono::milliseconds time{2000};  // waited at most
  std::size_t drainers = 1024;           // at once in one room; beyond it, close at once
};

// Counts who drains. Thread-safe; shared by the threads of one gateway.
class DrainRoom {
 public:
  explicit DrainRoom(const DrainLimits& limits) : limits_(limits) {}
  const DrainLimits& limits() const { return limits_; }
  bool enter();
  void leave() { inside_.fetch_sub(1, std::memory_order_relaxed); }
  std::size_t inside() const { return inside_.load(std::memory_order_relaxed); }

 private:
  DrainLimits limits_;
  std::atomic<std::size_t> inside_{0};
};

// Waits until the peer's system has what was written (within the room's limit of time), then resets the connection: for
// a stream without an end of its own, whose reader must not take what came for the whole. A Unix socket is only closed.
Task<void> deliver_and_reset(Socket socket, std::shared_ptr<DrainRoom> room);

// shutdown(SHUT_WR), discard until the peer closes or a limit is reached, close.
Task<void> drain_and_close(Socket socket, std::shared_ptr<DrainRoom> room);

}  // namespace symbolon::net
