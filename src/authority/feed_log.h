// The feed's entries as they go to gateways: packed once and kept in memory, so that a gateway that begins costs the
// authority no walk through the ledger and no JSON.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "crypto/digest.h"
#include "ledger/ledger.h"

namespace symbolon::authority {

// Thread-safe. It holds about 12 octets and the serial of each revocation, in pieces of at most a page: 28 MiB for a
// million. It never shrinks, as the ledger's list of revocations does not.
class FeedLog {
 public:
  // What follows an entry, as far as one page goes.
  struct Part {
    std::string block;       // api::FeedBlock; empty: nothing follows
    std::uint64_t last = 0;  // number of its last entry
    bool more = false;
  };

  // The next revocation of the ledger; one that is here already changes nothing.
  void append(const ledger::Revocation& revocation);
  // `octets_of` gives IssuerKey::octets; fails as it does.
  using OctetsOf = std::function<Result<crypto::Sha256>(ledger::IssuerId)>;
  Result<Part> after(std::uint64_t number, const OctetsOf& octets_of) const;

 private:
  // Entries whose numbers follow one another.
  struct Piece {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::string entries;
  };
  std::uint16_t place_of(ledger::IssuerId issuer);

  mutable std::mutex mutex_;                          // guards all below
  std::vector<ledger::IssuerId> issuers_;             // in the order in which entries named them first
  std::vector<std::shared_ptr<const Piece>> pieces_;  // full ones
  Piece open_;
};

}  // namespace symbolon::authority
