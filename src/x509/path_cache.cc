#include "x509/path_cache.h"

#include <cstring>
#include <list>
#include <mutex>
#include <unordered_map>

namespace symbolon::x509 {
namespace {

// Keys are digests already.
struct KeyHash {
  std::size_t operator()(const PathCache::Key& key) const {
    std::size_t value = 0;
    std::memcpy(&value, key.data(), sizeof value);
    return value;
  }
};

}  // namespace

struct PathCache::Shard {
  struct Entry {
    Key key;
    std::shared_ptr<const VerifiedPath> path;
  };
  mutable std::mutex mutex;
  std::list<Entry> entries;  // most recently used first
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> places;
};

PathCache::PathCache(std::size_t capacity)
    : shards_(std::make_unique<Shard[]>(kShards)), capacity_of_shard_((capacity + kShards - 1) / kShards) {}

PathCache::~PathCache() = default;

std::shared_ptr<const VerifiedPath> PathCache::find(const Key& key) {
  Shard& shard = shards_[key.back() % kShards];
  const std::scoped_lock lock(shard.mutex);
  const auto place = shard.places.find(key);
  if (place == shard.places.end()) {
    misses_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  hits_.fetch_add(1, std::memory_order_relaxed);
  shard.entries.splice(shard.entries.begin(), shard.entries, place->second);
  return place->second->path;
}

void PathCache::put(const Key& key, std::shared_ptr<const VerifiedPath> path) {
  if (capacity_of_shard_ == 0) return;
  Shard& shard = shards_[key.back() % kShards];
  const std::scoped_lock lock(shard.mutex);
  if (const auto place = shard.places.find(key); place != shard.places.end()) {
    place->second->path = std::move(path);
    shard.entries.splice(shard.entries.begin(), shard.entries, place->second);
    return;
  }
  if (shard.entries.size() >= capacity_of_shard_) {
    shard.places.erase(shard.entries.back().key);
    shard.entries.pop_back();
  }
  shard.entries.push_front({key, std::move(path)});
  shard.places.emplace(key, shard.entries.begin());
}

void PathCache::clear() {
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::scoped_lock lock(shards_[i].mutex);
    shards_[i].places.clear();
    shards_[i].entries.clear();
  }
}

std::size_t PathCache::size() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::scoped_lock lock(shards_[i].mutex);
    count += shards_[i].entries.size();
  }
  return count;
}

}  // namespace symbolon::x509
