// The walk of a certificate: prepare, reserve, sign, complete. Nothing is signed that was not first recorded.
//
//   prepare(request)          -> LintedCertificate    profile applied, bytes encoded, lint passed; nothing recorded
//   reserve(Linted&&)         -> ReservedCertificate  serial and the exact bytes are durable in the ledger
//   sign(Reserved&&)          -> SignedCertificate    signed, and the signature verified
//   complete(Signed&&)        -> IssuedCertificate    certificate and audit entry are durable: it may leave
//
// Each step takes the proof of the one before it, which only that step can make, and uses it up.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authority/issuer.h"
#include "authority/profile.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "x509/certificate_template.h"
#include "x509/pem.h"
#include "x509/request.h"

namespace symbolon::authority {

struct IssueRequest {
  std::string profile;
  x509::CertificateRequest request;             // proves possession of the key
  std::vector<x509::GeneralName> names = {};    // given: they stand instead of the request's
  std::optional<std::string> common_name = {};  // given: it stands instead of the request's
  std::optional<Seconds> lifetime = {};         // absent: the profile's, cut to the issuer's end
  std::optional<std::string> issuer = {};       // by name; absent: the one that ends last
  std::string requester = {};                   // who asks, for the ledger: "uid 0", "admin CN=ops"
};

class LintedCertificate {
 public:
  LintedCertificate(LintedCertificate&&) = default;
  LintedCertificate& operator=(LintedCertificate&&) = default;
  const x509::CertificateTemplate& content() const { return content_; }
  ByteView tbs() const { return tbs_; }
  // What was decided on the way, for the requester: a lifetime that was cut, names that were left out.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class Issuance;
  LintedCertificate(std::shared_ptr<const IssuerSet> issuers, const Issuer* issuer, x509::CertificateTemplate content)
      : issuers_(std::move(issuers)), issuer_(issuer), content_(std::move(content)) {}
  std::shared_ptr<const IssuerSet> issuers_;  // keeps issuer_ alive
  const Issuer* issuer_;
  x509::CertificateTemplate content_;
  Bytes tbs_;
  std::string profile_;
  std::string requester_;
  std::vector<std::string> notes_;
};

class ReservedCertificate {
 public:
  ReservedCertificate(ReservedCertificate&&) = default;
  ReservedCertificate& operator=(ReservedCertificate&&) = default;
  const LintedCertificate& linted() const { return linted_; }
  ledger::IntentId intent() const { return intent_; }

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
  ByteView der() const { return der_; }

 private:
  friend class Issuance;
  SignedCertificate(ReservedCertificate reserved, Bytes der) : reserved_(std::move(reserved)), der_(std::move(der)) {}
  ReservedCertificate reserved_;
  Bytes der_;
};

// In the ledger, and therefore free to leave.
class IssuedCertificate {
 public:
  IssuedCertificate(IssuedCertificate&&) = default;
  IssuedCertificate& operator=(IssuedCertificate&&) = default;
  ByteView der() const { return der_; }
  std::string pem() const { return x509::encode_pem("CERTIFICATE", der_); }
  const x509::CertificateTemplate& content() const { return content_; }
  const x509::SerialNumber& serial() const { return content_.serial; }
  const x509::Fingerprint& fingerprint() const { return fingerprint_; }
  // What follows the leaf in a handshake, the root left out.
  const std::vector<x509::Certificate>& chain() const { return issuer_->chain; }
  const Issuer& issuer() const { return *issuer_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class Issuance;
  IssuedCertificate(SignedCertificate from, x509::Fingerprint fingerprint);
  std::shared_ptr<const IssuerSet> issuers_;
  const Issuer* issuer_;
  x509::CertificateTemplate content_;
  Bytes der_;
  x509::Fingerprint fingerprint_;
  std::vector<std::string> notes_;
};

// For tests that end the process between two steps.
enum class IssuanceStep : std::uint8_t { linted, reserved, signature_made, completed };

struct IssuanceOptions {
  // notBefore lies this long in the past: clocks of devices are behind. Never before the issuer's own.
  Seconds backdate = kMinute * 5;
  std::function<void(IssuanceStep)> after_step = {};
};

// Thread-safe: many threads may issue at once, and share commits.
class Issuance {
 public:
  // Borrows ledger and clock, which outlive it.
  Issuance(ledger::Ledger& ledger, const Clock& clock, std::shared_ptr<const ProfileSet> profiles,
           std::shared_ptr<const IssuerSet> issuers, IssuanceOptions options = {});

  // The whole cycle. Fails with the codes of the steps; whatever fails after reserve stays in the ledger as an intent.
  Result<IssuedCertificate> issue(const IssueRequest& request);

  // profile_unknown, issuer_unknown, ca_expired, key_weak, key_type_not_allowed, name_..., extension_not_allowed,
  // lifetime_not_allowed, issuer_life_too_short, lint_...
  Result<LintedCertificate> prepare(const IssueRequest& request) const;
  Result<ReservedCertificate> reserve(LintedCertificate&& linted);      // ledger_...
  Result<SignedCertificate> sign(ReservedCertificate&& reserved);       // crypto_failed
  Result<IssuedCertificate> complete(SignedCertificate&& certificate);  // ledger_...

  void use(std::shared_ptr<const IssuerSet> issuers) { issuers_.store(std::move(issuers)); }
  std::shared_ptr<const IssuerSet> issuers() const { return issuers_.load(); }

 private:
  void passed(IssuanceStep step) const;

  ledger::Ledger& ledger_;
  const Clock& clock_;
  std::shared_ptr<const ProfileSet> profiles_;
  std::atomic<std::shared_ptr<const IssuerSet>> issuers_;
  IssuanceOptions options_;
};

}  // namespace symbolon::authority
