// Verified chains and failed ones, remembered: a peer that comes back with the chain it had costs one lookup instead of
// its signatures.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "crypto/digest.h"
#include "x509/path_verification.h"

namespace symbolon::x509 {

// A failure that lasts (PathFailure::lasting). Without the presented certificates, which whoever comes back has with
// it: what is kept is small whatever a stranger sends.
struct KnownFailure {
  CertificateProblem problem = CertificateProblem::rejected;
  std::size_t index = 0;
  std::string rule;
  std::string detail;
  std::optional<UnixSeconds> limit;
  struct Link {
    std::size_t presented = 0;               // place in what was presented,
    std::optional<Certificate> anchor = {};  // or of the bundle
  };
  std::vector<Link> path;
  UnixSeconds at;  // when it was judged

  // None when it is not to be kept: it does not last, or its words are long.
  static std::optional<KnownFailure> of(const PathFailure& failure, const std::vector<Certificate>& presented,
                                        UnixSeconds at);
  PathFailure failure(const std::vector<Certificate>& presented, PeerRole role) const;
};

// Bounded, least recently used first out, in shards that lock apart; thread-safe, but cheapest with one a thread.
// Successes and failures have room of their own: strangers' chains push out no good one. The key covers the presented
// DER, the bundle and the options, so a new bundle or other options never meet an old entry. Time and revocation are
// judged anew on every hit of a success, revocation on every hit of a failure that it brought about; a failure is
// believed for kFailureLife only. (verify_path does it.)
class PathCache {
 public:
  static constexpr Seconds kFailureLife{60};

  explicit PathCache(std::size_t capacity = 4096, std::size_t failures = 1024);  // entries in all
  ~PathCache();
  PathCache(const PathCache&) = delete;
  PathCache& operator=(const PathCache&) = delete;

  using Key = crypto::Sha256;
  std::shared_ptr<const VerifiedPath> find(const Key& key);
  void put(const Key& key, std::shared_ptr<const VerifiedPath> path);
  // CAs of a new path that stand in others, too, become those: thousands of leaves then share a few CAs.
  void share_issuers(std::vector<Certificate>& leaf_first);
  // Null also for one that is older than its life, or younger than `now`.
  std::shared_ptr<const KnownFailure> find_failure(const Key& key, UnixSeconds now);
  void put_failure(const Key& key, std::shared_ptr<const KnownFailure> failure);

  std::size_t size() const;      // successes
  std::size_t failures() const;  // kept now
  std::uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }
  std::uint64_t misses() const { return misses_.load(std::memory_order_relaxed); }
  std::uint64_t failure_hits() const { return failure_hits_.load(std::memory_order_relaxed); }

 private:
  struct Shard;
  static constexpr std::size_t kShards = 16;
  std::unique_ptr<Shard[]> shards_;
  std::mutex issuers_mutex_;  // guards what follows
  std::vector<Certificate> issuers_;
  std::size_t oldest_issuer_ = 0;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint64_t> failure_hits_{0};
};

}  // namespace symbolon::x509
