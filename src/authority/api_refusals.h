// The record of calls that were refused for want of rights: bounded, because whoever is refused can ask again at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "authority/operations.h"
#include "http/blocking_pool.h"
#include "http/caller.h"

namespace symbolon::authority {

// At most this many audit entries in a second; further refusals are counted, and the next entry says how many.
inline constexpr int kMostRefusalsPerSecond = 5;

// Thread-safe.
class RefusalRecorder {
 public:
  // Both must outlive it.
  RefusalRecorder(Operations& operations, http::BlockingPool& pool) : operations_(operations), pool_(pool) {}

  // Returns at once; the entry is made by a thread of the pool.
  void record(const http::Caller& caller, std::string call, Error why);
  // Refusals without an entry of their own, so far.
  std::uint64_t left_out() const;

 private:
  Operations& operations_;
  http::BlockingPool& pool_;
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point second_ = {};  // when the present one began
  int in_second_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t told_ = 0;  // of left_out_, in entries
};

}  // namespace symbolon::authority
