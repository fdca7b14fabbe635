// Who signs OCSP responses: for each CA a key that answers in its name (RFC 6960 §4.2.2.2) and lives in memory alone,
// of this process or of the signer's. It has no file: a process that is started anew has another one, and gets a new
// certificate for it.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "ledger/records.h"
#include "signer/message.h"
#include "x509/request.h"

namespace symbolon::authority {

// Thread-safe.
class OcspSigner {
 public:
  virtual ~OcspSigner() = default;
  // The request for a certificate of the key that answers for this CA now. Fails with issuer_unknown (its key is not at
  // hand), signer_unreachable.
  virtual Result<x509::CertificateRequest> responder(ledger::IssuerId issuer) = 0;
  // The signature over ocsp_content() of that name, and the digest of what was signed, by the key that it names, as the
  // ledger is now. Fails with issuer_unknown, ocsp_responder_changed, ocsp_out_of_bounds, bad_request, as the ledger
  // does, signer_unreachable, overloaded, crypto_failed.
  virtual Result<signer::SignedOcsp> sign(const signer::OcspName& name) = 0;
  // Likewise several, in their order; cheaper than one after the other where another process signs.
  virtual std::vector<Result<signer::SignedOcsp>> sign_all(const std::vector<signer::OcspName>& names) {
    std::vector<Result<signer::SignedOcsp>> out;
    out.reserve(names.size());
    for (const signer::OcspName& name : names) out.push_back(sign(name));
    return out;
  }
};

}  // namespace symbolon::authority
