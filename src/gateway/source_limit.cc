#include "gateway/source_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace symbolon::gateway {
namespace {

// One host holds a whole /64 (RFC 4291 §2.5.4).
std::string source_of(const std::string& address) {
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET6, address.c_str(), octets.data()) != 1) return address;
  std::fill(octets.begin() + 8, octets.end(), std::uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
  return std::string(text.data()) + "/64";
}

}  // namespace

SourceLimit::Answer SourceLimit::ask(const std::string& address, Moment now) {
  const std::string source = source_of(address);
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
