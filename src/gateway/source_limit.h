// How many unproven records one source may cause: whoever connects can present a copy of anybody's certificate, so
// what they cause is bounded and what is left out is counted.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "gateway/rate.h"
#include "gateway/source_key.h"

namespace symbolon::gateway {

struct SourceLimits {
  double burst = 200;          // records at once
  double per_second = 20;      // after that
  std::size_t sources = 4096;  // remembered; beyond it the one that was quiet longest is forgotten
};

// A token bucket for each source. Thread-safe.
class SourceLimit {
 public:
  explicit SourceLimit(const SourceLimits& limits = {}) : limits_(limits) {}

  struct Answer {
    bool write = false;
    std::uint64_t suppressed = 0;  // records left out since the last one of this source (or of forgotten sources)
  };
  // `address` as in PeerAddress; IPv6 sources are told apart by their /64.
  Answer ask(const std::string& address, Moment now) { return ask(source_key(address), now); }
  Answer ask(const SourceKey& source, Moment now);

 private:
  struct Bucket {
    SourceKey source{};
    double tokens = 0;
    Moment filled;
    std::uint64_t suppressed = 0;
  };
  SourceLimits limits_;
  std::mutex mutex_;
  std::list<Bucket> buckets_;  // most recently asked first
  std::unordered_map<SourceKey, std::list<Bucket>::iterator, SourceHash> by_source_;
  std::uint64_t forgotten_ = 0;  // suppressed records of sources that were forgotten
};

}  // namespace symbolon::gateway
