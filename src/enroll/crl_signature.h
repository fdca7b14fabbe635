// The key of a CA, the root's above all, signs its CRL where the key is: the authority never sees it.
#pragma once

#include "api/crl.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::enroll {

struct SignedCrl {
  Bytes der;                    // the CRL
  api::CrlSignature signature;  // for the authority
};

// The authority's clock may be this far off.
inline constexpr Seconds kCrlClockTolerance = kMinute * 10;

// Builds what it signs from the answer: a full CRL of that CA with exactly these entries, and nothing else that who has
// broken into an authority could want signed. Whether the entries are the right ones is for whoever looks at them.
// Fails with key_mismatch (not the CA's key), crl_issuer_may_not_sign, bad_request (dates that are not about now and
// `longest` later, a number far beyond the time, a serial that is none or comes twice, removeFromCRL).
Result<SignedCrl> sign_crl(const api::NewCrlAnswer& answer, Seconds longest, const x509::Certificate& ca,
                           crypto::PrivateKey key, UnixSeconds now);

}  // namespace symbolon::enroll
