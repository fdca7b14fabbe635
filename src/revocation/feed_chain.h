// The chain over the feed of revocations: one hash that stands for all entries up to one, in their order. Whoever holds
// the entries (the authority's ledger, the signer, a gateway) computes it by itself; who signed it: signed_head.h.
//
//   hash(0) = SHA-256("symbolon feed chain 1")
//   hash(n) = SHA-256(hash(n - 1) . issuer (32) . reason (1) . time (8) . has a date (1: 0 or 1) . date (8)
//                     . length of the serial (1) . serial)
//
// Numbers are big-endian; times are seconds since 1970. `date` is the invalidity date (RFC 5280 §5.3.2), 0 where there
// is none. An entry's number is its place in the chain.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "crypto/digest.h"
#include "x509/serial_number.h"

namespace symbolon::revocation {

struct FeedChainEntry {
  crypto::Sha256 issuer{};  // IssuerKey::octets
  x509::SerialNumber serial;
  std::uint8_t reason = 0;  // CRLReason (RFC 5280 §5.3.1)
  UnixSeconds at;
  std::optional<UnixSeconds> invalid_since = {};
  bool operator==(const FeedChainEntry&) const = default;
};

// Of no entry.
crypto::Sha256 feed_chain_begin();
// With one entry more.
crypto::Sha256 feed_chain_next(const crypto::Sha256& before, const FeedChainEntry& entry);

// How far the chain goes.
struct FeedPoint {
  std::uint64_t number = 0;  // of the last entry; 0: none
  crypto::Sha256 hash = feed_chain_begin();
  void add(const FeedChainEntry& entry) {
    hash = feed_chain_next(hash, entry);
    ++number;
  }
  bool operator==(const FeedPoint&) const = default;
};

}  // namespace symbolon::revocation
