// When a process that ended is started again: at once the first time, then ever later, and never more often than the
// bound. Pure.
#pragma once

#include <chrono>

namespace symbolon::contain {

using Instant = std::chrono::steady_clock::time_point;

struct RestartTimes {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds longest{30'000};
  std::chrono::milliseconds healthy{60'000};  // who ran this long starts from `first` again
};

class Restarts {
 public:
  explicit Restarts(RestartTimes times = {}) : times_(times), next_(times.first) {}

  // It ended at `now`, having run since `started`: when to start it again.
  Instant after(Instant started, Instant now) {
    if (now - started >= times_.healthy) next_ = times_.first;
    const Instant at = now + next_;
    next_ = std::min(next_ * 2, times_.longest);
    ++count_;
    return at;
  }
  std::uint64_t count() const { return count_; }

 private:
  RestartTimes times_;
  std::chrono::milliseconds next_;
  std::uint64_t count_ = 0;
};

}  // namespace symbolon::contain
