// Whether what runs an executor still does: for a watchdog.
#pragma once

#include <atomic>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <new>

#include "net/socket.h"

namespace symbolon::net {

// One asks, from any thread, but one at a time. Must outlive what was posted to the executor.
class Pulse {
 public:
  // Whether the last question was answered (true when there was none); if so, asks the next one. Where there is no
  // memory to ask, nothing is known, and nothing bad is said.
  bool answers(const Executor& executor) {
    const std::uint64_t question = asked_;
    if (answered_.load(std::memory_order_acquire) != question) return false;
    try {
      boost::asio::post(executor, [this, question] { answered_.store(question + 1, std::memory_order_release); });
      ++asked_;
    } catch (const std::bad_alloc&) {  // NOLINT: see above
    }
    return true;
  }

 private:
  std::uint64_t asked_ = 0;
  std::atomic<std::uint64_t> answered_{0};
};

}  // namespace symbolon::net
