// The certificates of the keys that answer by OCSP: one for each CA, issued by it as any other certificate is.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "authority/issuance.h"
#include "authority/issuer.h"
#include "authority/ocsp_signer.h"
#include "base/clock.h"
#include "base/error.h"

namespace symbolon::authority {

// Immutable.
struct ResponderCertificate {
  Bytes der;
  crypto::PublicKey key;
  Bytes algorithm;  // AlgorithmIdentifier of its signatures
  x509::Validity validity;
};

// Thread-safe. One for each CA at a time is issued: the others who need it wait, unless there is an older one.
class ResponderCertificates {
 public:
  // Borrows them all. `next_update`: how long answers count, which no certificate may cut short.
  ResponderCertificates(Issuance& issuance, OcspSigner& signer, const Clock& clock, Seconds next_update)
      : issuance_(issuance), signer_(signer), clock_(clock), next_update_(next_update) {}

  // One that holds now; issued when there is none, when another key answers for the CA, and in time before its end (the
  // older one goes on meanwhile). Fails as OcspSigner::responder and Issuance::issue do; after a failure they are not
  // asked again for a second, and for ever longer (ten minutes at most) where the signer was reached: each such try is
  // two entries of the ledger.
  Result<std::shared_ptr<const ResponderCertificate>> of(const Issuer& issuer);
  // Another key may answer now.
  void forget(ledger::IssuerId issuer, const std::shared_ptr<const ResponderCertificate>& certificate);
  // ocsp_responder_missing for each CA whose last try failed, with why; but not for those that are over or revoked.
  std::vector<Error> failures() const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Slot {
    std::mutex issuing;
    std::shared_ptr<const ResponderCertificate> certificate;  // guarded by mutex_, as what follows
    std::optional<Error> failure;                             // of the last try
    std::string issuer;                                       // whose it was
    SteadyTime again = {};                                    // not before
    std::chrono::seconds pause{0};                            // after the last failure
  };
  using Found = std::optional<Result<std::shared_ptr<const ResponderCertificate>>>;
  Result<std::shared_ptr<const ResponderCertificate>> issue(const Issuer& issuer);
  std::optional<Seconds> lifetime_for(const Issuer& issuer) const;
  UnixSeconds renewal_due(const ResponderCertificate& certificate, const Issuer& issuer) const;
  void note_failure(Slot& slot, const Issuer& issuer, const Error& why);
  Found at_hand(const Slot& slot, const Issuer& issuer) const;
  std::shared_ptr<const ResponderCertificate> older(const Slot& slot) const;
  std::shared_ptr<Slot> slot_of(ledger::IssuerId issuer);

  Issuance& issuance_;
  OcspSigner& signer_;
  const Clock& clock_;
  const Seconds next_update_;
  mutable std::mutex mutex_;
  std::map<ledger::IssuerId, std::shared_ptr<Slot>> slots_;
};

}  // namespace symbolon::authority
