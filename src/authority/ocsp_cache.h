// OCSP responses that were signed and still count, in memory.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "ledger/records.h"
#include "revocation/revocation_set.h"
#include "signer/message.h"

namespace symbolon::authority {

// One that was signed and verified. Immutable.
struct OcspResponse {
  std::string der;
  UnixSeconds this_update;
  UnixSeconds next_update;
  bool with_nonce = false;  // for whoever asked alone
  // Where it says good or revoked, of one certificate: what it is by that.
  std::optional<revocation::SerialState> state = {};
  // Until then it need not be signed anew.
  UnixSeconds half_over() const { return this_update + Seconds{(next_update - this_update).count / 2}; }
};

// Thread-safe. Bounded: what was not asked for longest goes first.
class OcspCache {
 public:
  explicit OcspCache(std::size_t most) : most_(most) {}

  struct Key {
    ledger::IssuerId issuer;
    signer::OcspName::Entry entry;
    bool operator==(const Key&) const = default;
  };

  // Null: it was never put there, or is gone.
  std::shared_ptr<const OcspResponse> find(const Key& key);
  void put(const Key& key, std::shared_ptr<const OcspResponse> response);
  // Those that were asked for since they were put there, and are half over then; at most so many.
  std::vector<Key> due(UnixSeconds at, std::size_t most) const;
  std::size_t size() const;

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Slot {
    std::shared_ptr<const OcspResponse> response;
    bool asked = false;
  };
  using Map = std::unordered_map<Key, Slot, Hash>;
  void make_room();

  const std::size_t most_;
  mutable std::mutex mutex_;
  // Half of the room each: when `young_` is full it becomes `old_`, and what was there is gone. Who is asked for moves
  // back to `young_`.
  Map young_;
  Map old_;
};

}  // namespace symbolon::authority
