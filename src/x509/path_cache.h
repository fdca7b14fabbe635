// Verified chains, remembered: a peer that comes back with the chain it had costs one lookup instead of its signatures.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "crypto/digest.h"
#include "x509/path_verification.h"

namespace symbolon::x509 {

// Bounded, least recently used first out, in shards that lock apart; thread-safe, but cheapest with one a thread.
// Only successes are kept. The key covers the presented DER, the bundle and the options, so a new bundle or other
// options never meet an old entry. Time and revocation are judged anew on every hit (verify_path does that).
class PathCache {
 public:
  explicit PathCache(std::size_t capacity = 4096);  // entries in all
  ~PathCache();
  PathCache(const PathCache&) = delete;
  PathCache& operator=(const PathCache&) = delete;

  using Key = crypto::Sha256;
  std::shared_ptr<const VerifiedPath> find(const Key& key);
  void put(const Key& key, std::shared_ptr<const VerifiedPath> path);
  void clear();

  std::size_t size() const;
  std::uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  std::uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }

 private:
  struct Shard;
  static constexpr std::size_t kShards = 16;
  std::unique_ptr<Shard[]> shards_;
  std::size_t capacity_of_shard_;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
};

}  // namespace symbolon::x509
