// How many connections, handshakes at a time and handshakes a second there may be: in all, and of one source.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "gateway/rate.h"
#include "gateway/source_key.h"

namespace symbolon::gateway {

// 0: no limit.
struct Limits {
  std::int64_t connections = 0;
  std::int64_t connections_per_source = 0;
  std::int64_t handshakes = 0;  // at a time: from the accept until the client is admitted or refused
  std::int64_t handshakes_per_source = 0;
  std::int64_t handshake_rate = 0;  // a second
  std::int64_t handshake_rate_per_source = 0;
};

// Counts. Thread-safe. Memory is bounded: a source is known while it has connections (of which there is a limit in all)
// and until its rate is full again, of which kIdleSources are remembered at most, those that were quiet longest being
// forgotten first.
class LimitCounts {
 public:
  static constexpr std::size_t kIdleSources = 65536;

  explicit LimitCounts(const Limits& limits = {}) { replace(limits); }
  LimitCounts(const LimitCounts&) = delete;
  LimitCounts& operator=(const LimitCounts&) = delete;

  // For what comes from now on. Whoever is inside stays.
  void replace(const Limits& limits);
  Limits limits() const;  // in force

  // One connection's place; it must not outlive the counts. Move-only; gives back what it took when it dies.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept { *this = std::move(other); }
    Place& operator=(Place&& other) noexcept;
    ~Place() { leave(); }

    // Counts it for this source too, where enter() did not know it. Fails with source_connection_limit,
    // source_handshake_limit or source_handshake_rate_limit.
    Status of_source(const SourceKey& source, Moment now);
    // The handshake is over.
    void established();

   private:
    friend class LimitCounts;
    explicit Place(LimitCounts& counts) : counts_(&counts) {}
    void leave();

    LimitCounts* counts_ = nullptr;
    SourceKey source_{};  // all zeros: not counted
    bool handshaking_ = true;
  };

  // `source` is all zeros while it is not known, or has no address. The source's limits come first: one that goes
  // beyond them takes nothing from the others. Fails as of_source does, or with connection_limit, handshake_limit or
  // handshake_rate_limit.
  Result<Place> enter(const SourceKey& source, Moment now);

  std::size_t connections() const { return connections_.load(std::memory_order_relaxed); }
  std::size_t handshakes() const { return handshakes_.load(std::memory_order_relaxed); }
  std::size_t sources() const;  // known now

 private:
  struct Source {
    std::uint32_t connections = 0;
    std::uint32_t handshakes = 0;
    FullAt full_at = 0;
    std::list<SourceKey>::iterator idle = {};  // while it has no connections
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<SourceKey, Source, SourceHash> sources;
    std::list<SourceKey> idle;  // quiet longest first
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(const SourceKey& key) { return shards_[SourceHash{}(key) >> 32 & (kShards - 1)]; }
  bool by_source() const;
  bool take_from_rate(Moment now);
  Status enter_all(Moment now);
  Status enter_source(const SourceKey& key, Moment now);
  void leave_source(const SourceKey& key, bool handshaking, bool connection);

  // Each is read alone: a mixture of old and new for a moment does no harm.
  struct {
    std::atomic<std::int64_t> connections, connections_per_source, handshakes, handshakes_per_source, handshake_rate,
        handshake_rate_per_source;
  } limits_;
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> handshakes_{0};
  std::atomic<FullAt> full_at_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace symbolon::gateway
