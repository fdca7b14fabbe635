// Turns for steps that take long, such as those of a handshake: one at a time, and between two of them whatever else is
// ready on the thread. However many handshakes wait, a connection that is established waits for about one step.
#pragma once

#include <deque>
#include <functional>

#include "net/socket.h"

namespace symbolon::net {

// Belongs to one context with one thread. Whoever waits keeps what it owns: forget() before the context dies.
class Turns {
 public:
  Turns() = default;
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // Returns when it is the caller's turn, first come, first served. The turn ends where the caller waits next.
  Task<void> take();
  // Who waits never gets its turn: its coroutine is destroyed by its context.
  void forget() { waiting_.clear(); }

 private:
  void next(const Executor& executor);

  std::deque<std::move_only_function<void()>> waiting_;
  bool running_ = false;
};

}  // namespace symbolon::net
