// The root's key signs an issuing CA that the authority prepared, where the key is: the authority never sees it.
#pragma once

#include <string>

#include "api/issuer.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::enroll {

struct IssuerToSign {
  api::NewIssuerRequest wish;   // what the authority was asked for
  api::NewIssuerAnswer answer;  // what it wants to be signed
};

// The authority's clock may be this far ahead.
inline constexpr Seconds kAuthorityClockAhead = kMinute * 5;

// Looks at what is to be signed before it signs, because who has broken into an authority asks for more: it must be an
// issuing CA below this root as RFC 5280 and our own lint want it (one level, keyCertSign and cRLSign, within the
// root's life), of the root's organization, with exactly the name constraints, at most the lifetime from now on, and
// the type of key that were asked for, and with subject and serial as the answer tells. Base64.
// Fails with key_mismatch (not the root's key), lint_..., certificate_malformed, name_malformed, bad_request.
Result<std::string> sign_issuer(const IssuerToSign& issuer, const x509::Certificate& root, crypto::PrivateKey key,
                                UnixSeconds now);

}  // namespace symbolon::enroll
