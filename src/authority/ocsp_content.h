// What an OCSP response of a CA says (RFC 6960 §4.2): one function for whoever builds it, the signer that signs it or
// the authority that sends it. The signer looks the serials up in the ledger for itself and says what it found: the
// authority comes to the same octets from that, without reading the ledger a second time.
#pragma once

#include <vector>

#include "authority/issuer.h"
#include "base/error.h"
#include "crypto/key.h"
#include "ledger/serial_status.h"
#include "revocation/cert_ids.h"
#include "revocation/ocsp_response.h"
#include "signer/message.h"

namespace symbolon::authority {

// How far the clocks of authority and signer may be apart, and how late a response may be signed.
inline constexpr Seconds kOcspTolerance = kMinute * 5;

// The CA that answers are about, hashed once. CA certificates with one name and one key are one CA, as in CRLs: no
// CertID tells them apart.
struct OcspIssuer {
  ledger::IssuerId id;
  std::vector<ledger::IssuerId> ids;  // all of that CA, this one among them
  revocation::CertIds cert_ids;
  static OcspIssuer of(const Issuer& issuer, const IssuerSet& issuers);
};

// Whom to look up for that name, and what is said of whom, in that order.
ledger::SerialsOf serials_of(const OcspIssuer& issuer, const signer::OcspName& name);
std::vector<revocation::CertStatus> cert_statuses(const std::vector<ledger::SerialStatus>& found);

// The ResponseData of that name, `responder` being the key that it names, with what is `said` of each certificate.
// Fails with bad_request (as ocsp_response_data, and where that is said of more or fewer than are named).
Result<Bytes> ocsp_content(const OcspIssuer& issuer, const signer::OcspName& name, const crypto::PublicKey& responder,
                           const std::vector<revocation::CertStatus>& said);

// For the signer: would an authority that is itself ask for this now? thisUpdate is about now, nextUpdate after it and
// at most `longest` later, entries and nonce are as many as may be. Fails with ocsp_out_of_bounds.
Status check_ocsp_name(const signer::OcspName& name, Seconds longest, UnixSeconds now);

}  // namespace symbolon::authority
