// A key that signs OCSP responses in the name of one CA (RFC 6960 §4.2.2.2): P-256, in the memory of whoever made it.
#pragma once

#include <memory>
#include <vector>

#include "authority/ocsp_content.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "x509/request.h"

namespace symbolon::authority {

// Immutable; thread-safe.
class ResponderKey {
 public:
  // A new one. Fails with crypto_failed.
  static Result<ResponderKey> make();

  // For its certificate; it asks for no subject and no names.
  const x509::CertificateRequest& request() const { return request_; }
  // The signature over what the name stands for, by what is `said` of each certificate that it names, with the digest
  // of that. `longest`: of nextUpdate after thisUpdate.
  // Fails with ocsp_responder_changed (the name is for another key), as check_ocsp_name and ocsp_content,
  // crypto_failed.
  struct Bounds {
    Seconds longest;
    UnixSeconds now;
  };
  Result<signer::SignedOcsp> sign(const OcspIssuer& issuer, const signer::OcspName& name,
                                  std::vector<revocation::CertStatus> said, const Bounds& bounds) const;

 private:
  ResponderKey(std::unique_ptr<const crypto::Signer> signer, x509::CertificateRequest request)
      : signer_(std::move(signer)), request_(std::move(request)) {}
  std::unique_ptr<const crypto::Signer> signer_;
  x509::CertificateRequest request_;
};

}  // namespace symbolon::authority
