// What an OCSP response of a CA says (RFC 6960 §4.2): one function for whoever builds it, the authority that sends it
// or the signer that signs it. Both look the serials up in the ledger for themselves and come to the same octets,
// unless something was issued or revoked in between.
#pragma once

#include <functional>
#include <vector>

#include "authority/issuer.h"
#include "base/error.h"
#include "crypto/key.h"
#include "ledger/ledger.h"
#include "ledger/serial_status.h"
#include "revocation/cert_ids.h"
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

// One status for each serial, in their order, all as of one commit. A serial of several of these CAs is revoked where
// one of them is, else issued where one of them is.
using OcspLookup = std::function<Result<std::vector<ledger::SerialStatus>>(
    const std::vector<ledger::IssuerId>& issuers, const std::vector<x509::SerialNumber>& serials)>;
OcspLookup lookup_in(ledger::Ledger& ledger);  // borrowed

// The ResponseData of that name, `responder` being the key that it names. Fails with bad_request (as
// ocsp_response_data) and as the lookup does.
Result<Bytes> ocsp_content(const OcspIssuer& issuer, const signer::OcspName& name, const crypto::PublicKey& responder,
                           const OcspLookup& lookup);

// For the signer: would an authority that is itself ask for this now? thisUpdate is about now, nextUpdate after it and
// at most `longest` later, entries and nonce are as many as may be. Fails with ocsp_out_of_bounds.
Status check_ocsp_name(const signer::OcspName& name, Seconds longest, UnixSeconds now);

}  // namespace symbolon::authority
