// The walk of a certificate: prepare, reserve, sign, complete. Nothing is signed that was not first recorded.
//
//   prepare(request)          -> LintedCertificate    profile applied, bytes encoded, lint passed; nothing recorded
//   reserve(Linted&&)         -> ReservedCertificate  serial and the exact bytes are durable in the ledger
//   sign(Reserved&&)          -> SignedCertificate    signed, and the signature verified
//   complete(Signed&&)        -> IssuedCertificate    certificate and audit entry are durable: it may leave
//
// Each step takes the proof of the one before it, which only that step can make, and uses it up. A crash after reserve,
// or a signer that does not answer, leaves an intent in the ledger, which may have been signed: its serial can be
// revoked, and the same request (IssueRequest::repeatable) resumes it. A signer that refuses makes it abandoned.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "authority/crl_part.h"
#include "authority/issue_request.h"
#include "authority/issuer.h"
#include "authority/profile.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "ledger/serial_allocator.h"
#include "x509/certificate_template.h"
#include "x509/lint.h"

namespace symbolon::authority {

// A CA certificate to be signed by a CA of ours (hierarchy.h asks for it).
struct CaRequest {
  crypto::PublicKey key;
  x509::DistinguishedName subject;
  Seconds lifetime;  // cut to the issuer's end
  x509::NameConstraints name_constraints = {};
  std::string issuer;  // by name
  std::string requester;
};

// What the ledger has as the profile of CAs.
inline constexpr std::string_view kCaProfile = "ca";

class LintedCertificate {
 public:
  const x509::CertificateTemplate& content() const { return content_; }
  ByteView tbs() const { return tbs_; }
  const Issuer& issuer() const { return *issuer_; }
  // What was decided on the way, for the requester: a lifetime that was cut, names that were left out.
  const std::vector<std::string>& notes() const { return notes_; }

  LintedCertificate(LintedCertificate&&) = default;
  LintedCertificate& operator=(LintedCertificate&&) = default;

 private:
  friend class Issuance;
  LintedCertificate(std::shared_ptr<const IssuerSet> issuers, const Issuer& issuer, x509::CertificateTemplate content)
      : issuers_(std::move(issuers)), issuer_(&issuer), content_(std::move(content)) {}
  std::shared_ptr<const IssuerSet> issuers_;  // keeps issuer_ alive
  const Issuer* issuer_;
  x509::CertificateTemplate content_;
  Bytes tbs_;
  std::string requester_;
  std::vector<std::string> notes_;
  std::optional<ledger::Repeatable> repeatable_;
};

class ReservedCertificate {
 public:
  const LintedCertificate& linted() const { return linted_; }
  ledger::IntentId intent() const { return intent_; }

  ReservedCertificate(ReservedCertificate&&) = default;
  ReservedCertificate& operator=(ReservedCertificate&&) = default;

 private:
  friend class Issuance;
  ReservedCertificate(LintedCertificate linted, ledger::IntentId intent)
      : linted_(std::move(linted)), intent_(intent) {}
  LintedCertificate linted_;
  ledger::IntentId intent_;
};

class SignedCertificate {
 public:
  SignedCertificate(SignedCertificate&&) = default;
  SignedCertificate& operator=(SignedCertificate&&) = default;

 private:
  friend class Issuance;
  SignedCertificate(ReservedCertificate reserved, Bytes der) : reserved_(std::move(reserved)), der_(std::move(der)) {}
  ReservedCertificate reserved_;
  Bytes der_;
};

// In the ledger, and therefore free to leave.
class IssuedCertificate {
 public:
  ByteView der() const { return der_; }
  std::string pem() const;
  const x509::CertificateTemplate& content() const { return linted_.content(); }
  const x509::SerialNumber& serial() const { return content().serial; }
  const x509::Fingerprint& fingerprint() const { return fingerprint_; }
  ledger::CertificateId id() const { return id_; }
  // Its CA, with what follows the leaf in a handshake.
  const Issuer& issuer() const { return linted_.issuer(); }
  const std::vector<std::string>& notes() const { return linted_.notes(); }

  IssuedCertificate(IssuedCertificate&&) = default;
  IssuedCertificate& operator=(IssuedCertificate&&) = default;

 private:
  friend class Issuance;
  IssuedCertificate(LintedCertificate linted, ledger::CertificateId id, Bytes der);
  LintedCertificate linted_;
  ledger::CertificateId id_;
  Bytes der_;
  x509::Fingerprint fingerprint_;
};

// What has just been passed: for tests that end the process between two steps.
enum class IssuanceStep : std::uint8_t { linted, reserved, signature_made, completed };

// notBefore lies this long in the past, since clocks of devices are behind; never before the issuer's own.
inline constexpr Seconds kBackdate = kMinute * 5;

struct IssuanceOptions {
  Seconds backdate = kBackdate;
  CrlPlaces crls = {};                     // where CRLs are found (crl_urls_of)
  std::string ocsp_url = {};               // of the OCSP responder (ocsp_url_of); empty: none
  std::function<Status()> may_issue = {};  // asked before a serial is reserved and before one is resumed; unset: yes
  std::function<void(IssuanceStep)> after_step = {};
};

// Thread-safe: many threads may issue at once, and share commits.
class Issuance {
 public:
  // Borrows ledger and clock, which outlive it.
  Issuance(ledger::Ledger& ledger, const Clock& clock, std::shared_ptr<const ProfileSet> profiles,
           std::shared_ptr<const IssuerSet> issuers, IssuanceOptions options = {});

  // The whole cycle. Fails with the codes of its steps.
  Result<IssuedCertificate> issue(const IssueRequest& request);
  Result<IssuedCertificate> issue_ca(const CaRequest& request);

  // What follows prepare.
  Result<IssuedCertificate> finish(LintedCertificate&& linted);

  // profile_unknown, issuer_unknown, the codes of apply_profile, lint_...
  Result<LintedCertificate> prepare(const IssueRequest& request) const;
  Result<LintedCertificate> prepare_ca(const CaRequest& request) const;
  Result<ReservedCertificate> reserve(LintedCertificate&& linted);      // ledger_..., clock_set_back, as may_issue
  Result<SignedCertificate> sign(ReservedCertificate&& reserved);       // crypto_failed, or as the signer says
  Result<IssuedCertificate> complete(SignedCertificate&& certificate);  // ledger_...; then it is as it was

  // The same as sign, where the key is elsewhere: takes its signature over the reserved bytes. Fails with
  // request_bad_signature when it does not fit.
  static Result<SignedCertificate> take_signature(ReservedCertificate&& reserved, ByteView signature);
  // Where complete failed: the signature is thrown away, and may be taken again.
  static ReservedCertificate take_back(SignedCertificate&& certificate) { return std::move(certificate.reserved_); }
  // Nothing will be signed for it.
  Status give_up(ReservedCertificate&& reserved, std::string why) {
    return ledger_.abandon(reserved.intent_, std::move(why));
  }

  // Signs and completes what was reserved and left there, octet for octet as the ledger has it: a process ended between
  // the steps, and the request came again. Fails as IssuerSet::select, with already_exists
  // (somebody else completed it meanwhile), and as sign and complete; then it is as it was.
  Status resume(const ledger::CertificateRecord& reserved);

  void use(std::shared_ptr<const IssuerSet> issuers);
  std::shared_ptr<const IssuerSet> issuers() const;
  const ProfileSet& profiles() const { return *profiles_; }

 private:
  Result<const Issuer*> select(const IssuerSet& issuers, const std::optional<std::string>& name) const;
  Status encode_and_lint(LintedCertificate& certificate, const x509::LintRules& rules) const;
  // The certificate (DER), with a signature that fits.
  static Result<Bytes> verified(const Issuer& issuer, ByteView tbs, ByteView signature);
  void passed(IssuanceStep step) const;

  ledger::Ledger& ledger_;
  const Clock& clock_;
  const ledger::SerialAllocator serials_;
  const std::shared_ptr<const ProfileSet> profiles_;
  mutable std::mutex mutex_;  // guards issuers_
  std::shared_ptr<const IssuerSet> issuers_;
  const IssuanceOptions options_;
};

// The first finding as an error, telling how many there are besides. `findings` is not empty.
Error lint_error(const std::vector<x509::Finding>& findings);

}  // namespace symbolon::authority
