// The revocation set of this process, kept equal to the ledger.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "authority/feed_log.h"
#include "authority/issuer.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "revocation/revocation_source.h"

namespace symbolon::authority {

// Thread-safe.
class LedgerRevocations {
 public:
  // Every revocation of the ledger in one set, swapped in whole; from then on each new one is added before the call
  // that revoked it returns. Fails with ledger_... . The ledger keeps a share of what it calls.
  // `log`, if there is one, gets them from the same walk.
  static Result<std::shared_ptr<LedgerRevocations>> follow(ledger::Ledger& ledger, const IssuerSet& issuers,
                                                           FeedLog* log = nullptr);

  std::shared_ptr<revocation::RevocationSource> source() const { return source_; }
  // A CA that came later: its revocations are known from now on.
  void add_issuer(const Issuer& issuer);
  revocation::SerialState state(const x509::Certificate& issuer, const x509::SerialNumber& serial) const;
  // Is the certificate with this serial of this CA revoked, or on hold?
  bool revoked(const x509::Certificate& issuer, const x509::SerialNumber& serial) const;

 private:
  void enter(const ledger::Revocation& revocation);

  std::shared_ptr<revocation::RevocationSource> source_ = std::make_shared<revocation::RevocationSource>();
  std::mutex mutex_;  // guards keys_
  std::map<ledger::IssuerId, revocation::IssuerKey> keys_;
};

}  // namespace symbolon::authority
