// Full CRLs of one CA that delta CRLs may add to.
#pragma once

#include <deque>
#include <optional>

#include "authority/crl_publisher.h"

namespace symbolon::authority {

// A delta CRL adds to the oldest full one that has not ended: then whoever has any of them can use it (RFC 5280 §5.2.4:
// one with a number from that of the base on). Not thread-safe.
class DeltaBases {
 public:
  struct Base {
    std::uint64_t number = 0;
    std::uint64_t revocations = 0;
    UnixSeconds this_update;
    UnixSeconds next_update;
  };
  // One that was published. Not each is kept: some hundred in its life are enough.
  void add(const Crl& full);
  // None: all have ended.
  std::optional<Base> oldest(UnixSeconds now);
  void clear() { kept_.clear(); }

 private:
  std::deque<Base> kept_;
};

}  // namespace symbolon::authority
