// Blocking calls made of asynchronous ones.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/error.h"

namespace symbolon::ledger {

// Where a thread waits for answers that the committer gives. Shared, because the committer may still be leaving
// `put` when the waiting thread has gone on.
template <typename T>
class Answers {
 public:
  explicit Answers(std::size_t count) : results_(count), missing_(count) {}

  void put(std::size_t at, Result<T> result) {
    const std::lock_guard lock(mutex_);
    results_[at].emplace(std::move(result));
    if (--missing_ == 0) complete_.notify_one();
  }
  std::vector<Result<T>> wait() {
    std::unique_lock lock(mutex_);
    complete_.wait(lock, [this] { return missing_ == 0; });
    std::vector<Result<T>> out;
    out.reserve(results_.size());
    for (std::optional<Result<T>>& result : results_) out.push_back(std::move(*result));
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable complete_;
  std::vector<std::optional<Result<T>>> results_;
  std::size_t missing_;
};

// `start(at, done)` begins the call with that number.
template <typename T, typename Start>
std::vector<Result<T>> wait_for(std::size_t count, Start start) {
  const auto answers = std::make_shared<Answers<T>>(count);
  for (std::size_t at = 0; at < count; ++at) {
    start(at, [answers, at](Result<T> result) { answers->put(at, std::move(result)); });
  }
  if (count == 0) return {};
  return answers->wait();
}

// One call: `start(done)` begins it.
template <typename T, typename Start>
Result<T> wait_for_one(Start start) {
  return std::move(wait_for<T>(1, [&](std::size_t, auto done) { start(std::move(done)); }).front());
}

}  // namespace symbolon::ledger
