#include "gateway/source_limit.h"

#include <algorithm>
#include <utility>

namespace symbolon::gateway {

SourceLimit::Answer SourceLimit::ask(const SourceKey& source, Moment now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_source_.find(source);
  if (found != by_source_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  } else {
    if (by_source_.size() >= limits_.sources) {
      forgotten_ += buckets_.back().suppressed;
      by_source_.erase(buckets_.back().source);
      buckets_.pop_back();
    }
    buckets_.push_front({.source = source, .tokens = limits_.burst, .filled = now, .suppressed = 0});
    by_source_.emplace(source, buckets_.begin());
  }
  Bucket& bucket = buckets_.front();
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(limits_.burst, bucket.tokens + std::max(0.0, seconds) * limits_.per_second);
  bucket.filled = now;
  if (bucket.tokens < 1) {
    ++bucket.suppressed;
    return {};
  }
  bucket.tokens -= 1;
  return {.write = true, .suppressed = std::exchange(bucket.suppressed, 0) + std::exchange(forgotten_, 0)};
}

}  // namespace symbolon::gateway
