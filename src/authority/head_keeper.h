// Keeps signed heads of audit chain and feed new, beside all requests: at once after a revocation, else at most once a
// second where something came, and every minute.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "authority/feed_history.h"
#include "authority/head_signer.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "revocation/signed_head.h"

namespace symbolon::authority {

// What travels with the feed: whole, and verified with the key.
struct Heads {
  revocation::SignedHead audit;
  revocation::SignedHead feed;
  crypto::PublicKey key;
};

struct HeadTimes {
  std::chrono::milliseconds look{1'000};    // for further entries of the audit chain; after a failure, too
  std::chrono::milliseconds gather{10};     // after a signature, before the next one
  std::chrono::milliseconds renew{60'000};  // where nothing came
};

// Thread-safe. Borrows its parts.
class HeadKeeper {
 public:
  using OnHeads = std::function<void(std::shared_ptr<const Heads>)>;
  // `on_heads` is called on the keeper's thread with each new pair.
  HeadKeeper(HeadSigner& signer, ledger::Ledger& ledger, FeedHistory& history, OnHeads on_heads, HeadTimes times = {});
  ~HeadKeeper();

  // By a thread of its own, from now on.
  void start();
  // Both, signed now, on the caller's thread. A head that is not of this process's own chain of the feed fails with
  // audit_head_mismatch, one that the key has not signed with audit_head_not_ours; else it fails as HeadSigner.
  Result<Heads> sign();
  // Why there are none, or no new ones.
  std::optional<Error> failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::authority
