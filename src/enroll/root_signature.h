// The root's key signs an issuing CA that the authority prepared, where the key is: the authority never sees it.
#pragma once

#include <string>

#include "api/issuer.h"
#include "base/error.h"
#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::enroll {

// Looks at what is to be signed before it signs: it must be an issuing CA below this root as RFC 5280 and our own lint
// want it (one level, keyCertSign and cRLSign, within the root's life), with the subject that the answer tells. Base64.
// Fails with key_mismatch (not the root's key), lint_..., certificate_malformed, bad_request.
Result<std::string> sign_issuer(const api::NewIssuerAnswer& asked, const x509::Certificate& root,
                                crypto::PrivateKey key);

}  // namespace symbolon::enroll
