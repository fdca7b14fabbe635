#include "x509/path_cache.h"

#include <algorithm>
#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

namespace symbolon::x509 {
namespace {

constexpr std::size_t kMostDetail = 2048;  // octets of words that are kept of a failure
constexpr std::size_t kMostIssuers = 64;   // CAs that paths share

// Keys are digests already.
struct KeyHash {
  std::size_t operator()(const PathCache::Key& key) const {
    std::size_t value = 0;
    std::memcpy(&value, key.data(), sizeof value);
    return value;
  }
};

// Least recently used first out. Not thread-safe.
template <typename T>
class Recent {
 public:
  void limit(std::size_t capacity) { capacity_ = capacity; }

  std::shared_ptr<const T> find(const PathCache::Key& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, place->second);
    return place->second->value;
  }
  void put(const PathCache::Key& key, std::shared_ptr<const T> value) {
    if (capacity_ == 0) return;
    if (const auto place = places_.find(key); place != places_.end()) {
      place->second->value = std::move(value);
      entries_.splice(entries_.begin(), entries_, place->second);
      return;
    }
    if (entries_.size() >= capacity_) {
      places_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({key, std::move(value)});
    places_.emplace(key, entries_.begin());
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    PathCache::Key key;
    std::shared_ptr<const T> value;
  };
  std::size_t capacity_ = 0;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<PathCache::Key, typename std::list<Entry>::iterator, KeyHash> places_;
};

}  // namespace

std::optional<KnownFailure> KnownFailure::of(const PathFailure& failure, const std::vector<Certificate>& presented,
                                             UnixSeconds at) {
  if (!failure.lasting || failure.detail.size() > kMostDetail) return std::nullopt;
  KnownFailure out{failure.problem, failure.index, failure.rule, failure.detail, failure.limit, {}, at};
  for (const Certificate& certificate : failure.path) {
    const auto place = std::ranges::find(presented, certificate);
    if (place != presented.end()) {
      out.path.push_back({static_cast<std::size_t>(place - presented.begin())});
    } else {
      out.path.push_back({0, certificate});
    }
  }
  return out;
}

PathFailure KnownFailure::failure(const std::vector<Certificate>& presented, PeerRole role) const {
  PathFailure out;
  out.code = certificate_code(role, problem);
  out.problem = problem;
  out.index = index;
  out.rule = rule;
  out.detail = detail;
  out.limit = limit;
  out.lasting = true;
  for (const Link& link : path) out.path.push_back(link.anchor ? *link.anchor : presented.at(link.presented));
  if (index < out.path.size()) out.certificate = out.path[index];
  out.stats.from_cache = true;
  return out;
}

struct PathCache::Shard {
  mutable std::mutex mutex;
  Recent<VerifiedPath> paths;
  Recent<KnownFailure> failures;
};

PathCache::PathCache(std::size_t capacity, std::size_t failures) : shards_(std::make_unique<Shard[]>(kShards)) {
  for (std::size_t i = 0; i < kShards; ++i) {
    shards_[i].paths.limit((capacity + kShards - 1) / kShards);
    shards_[i].failures.limit((failures + kShards - 1) / kShards);
  }
}

PathCache::~PathCache() = default;

std::shared_ptr<const VerifiedPath> PathCache::find(const Key& key) {
  Shard& shard = shards_[key.back() % kShards];
  const std::scoped_lock lock(shard.mutex);
  auto path = shard.paths.find(key);
  (path ? hits_ : misses_).fetch_add(1, std::memory_order_relaxed);
  return path;
}

void PathCache::put(const Key& key, std::shared_ptr<const VerifiedPath> path) {
  Shard& shard = shards_[key.back() % kShards];
  const std::scoped_lock lock(shard.mutex);
  shard.paths.put(key, std::move(path));
}

void PathCache::share_issuers(std::vector<Certificate>& leaf_first) {
  const std::scoped_lock lock(issuers_mutex_);
  for (std::size_t i = 1; i < leaf_first.size(); ++i) {
    const auto known = std::ranges::find(issuers_, leaf_first[i]);
    if (known != issuers_.end()) {
      leaf_first[i] = *known;
    } else if (issuers_.size() < kMostIssuers) {
      issuers_.push_back(leaf_first[i]);
    } else {
      issuers_[oldest_issuer_++ % kMostIssuers] = leaf_first[i];
    }
  }
}

std::shared_ptr<const KnownFailure> PathCache::find_failure(const Key& key, UnixSeconds now) {
  Shard& shard = shards_[key.back() % kShards];
  const std::scoped_lock lock(shard.mutex);
  auto failure = shard.failures.find(key);
  if (!failure || now < failure->at || now - failure->at > kFailureLife) return nullptr;
  failure_hits_.fetch_add(1, std::memory_order_relaxed);
  return failure;
}

void PathCache::put_failure(const Key& key, std::shared_ptr<const KnownFailure> failure) {
  Shard& shard = shards_[key.back() % kShards];
  const std::scoped_lock lock(shard.mutex);
  shard.failures.put(key, std::move(failure));
}

std::size_t PathCache::size() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::scoped_lock lock(shards_[i].mutex);
    count += shards_[i].paths.size();
  }
  return count;
}

std::size_t PathCache::failures() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::scoped_lock lock(shards_[i].mutex);
    count += shards_[i].failures.size();
  }
  return count;
}

}  // namespace symbolon::x509
