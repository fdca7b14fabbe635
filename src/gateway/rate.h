// A rate with a burst: the generic cell rate algorithm (ITU-T I.371 Annex A), a token bucket in one number. Private to
// this folder.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace symbolon::gateway {

using Moment = std::chrono::steady_clock::time_point;

// When the bucket will be full again, in nanoseconds of the steady clock; 0: it is full.
using FullAt = std::int64_t;

struct Rate {
  std::int64_t per_second = 0;  // 0: no limit. As many may come at once, after a second without any.

  // Takes one. False: there is none, and `full_at` is left as it was.
  bool take(FullAt& full_at, Moment now) const {
    if (per_second <= 0) return true;
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::int64_t at = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
    const std::int64_t next = std::max(at, full_at) + kSecond / per_second;
    if (next - at > kSecond) return false;
    full_at = next;
    return true;
  }
};

}  // namespace symbolon::gateway
