// The CertIDs of what one CA issued (RFC 6960 §4.1.1), in the one form that we write: AlgorithmIdentifier with NULL
// parameters, whichever of both legal forms was asked with.
#pragma once

#include "base/bytes.h"
#include "revocation/ocsp_request.h"
#include "x509/certificate.h"

namespace symbolon::revocation {

// What issuerKeyHash is over. RFC 6960 §4.1.1: "The hash shall be calculated over the value (excluding tag and length)
// of the subject public key field in the issuer's certificate." Borrows; empty where there is no key to be read.
ByteView key_bits(const x509::Certificate& issuer);

// Hashes the issuer once. Immutable; thread-safe.
class CertIds {
 public:
  explicit CertIds(const x509::Certificate& issuer);

  // DER. `hash` is SHA-1 or SHA-256: for any other there is no CertID here, and it aborts.
  Bytes of(CertIdHash hash, const x509::SerialNumber& serial) const;

 private:
  Bytes sha1_;  // what stands before the serial: algorithm, hash of the name, hash of the key
  Bytes sha256_;
};

}  // namespace symbolon::revocation
