// Signs heads (revocation/signed_head.h) of what the ledger holds: for the signer process, and for a process that has
// the keys itself. Who asks says which chain, nothing else.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "authority/feed_history.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "ledger/ledger.h"
#include "revocation/feed_chain.h"
#include "revocation/signed_head.h"

namespace symbolon::authority {

// The ledger, as whoever signs reads it: as Ledger and IntentReader have these.
struct HeadSource {
  std::function<Result<ledger::AuditHead>()> audit_head;
  std::function<Result<std::vector<ledger::AuditEntry>>(std::uint64_t after, std::size_t limit)> audit;
  std::function<Status(std::uint64_t after, const ledger::Ledger::RevocationVisitor& each)> revocations;
  FeedIssuers::List issuers;
};

// In its life no head follows that does not continue the one before it, entry by entry: of the audit chain each hash is
// computed again from there on, and the chain of the feed is computed from its beginning, once, and goes on from where
// it stands. Thread-safe.
class HeadBook {
 public:
  HeadBook(HeadSource source, std::shared_ptr<const crypto::Signer> key, const Clock& clock);

  const crypto::PublicKey& key() const { return key_->public_key(); }
  // Fails with audit_head_mismatch (the ledger does not continue what was signed before), crypto_failed, and as the
  // ledger does.
  Result<revocation::SignedHead> sign(revocation::HeadKind kind);

 private:
  Status go_on_with_audit();
  Status go_on_with_feed();
  Result<revocation::SignedHead> sign(revocation::Head head) const;

  const HeadSource source_;
  const std::shared_ptr<const crypto::Signer> key_;
  const Clock& clock_;
  std::mutex audit_mutex_;  // guards audit_
  std::optional<ledger::AuditHead> audit_;
  std::mutex feed_mutex_;  // guards what follows: the first walk takes long, and the audit chain does not wait for it
  FeedIssuers issuers_;
  revocation::FeedPoint feed_;
  std::optional<revocation::FeedChainEntry> last_;  // the entry at which it stands
};

}  // namespace symbolon::authority
