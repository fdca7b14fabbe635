// OCSP responses (RFC 6960 §3.2, §4.2.2) of any responder, judged for one certificate: what may be stapled.
//
// Decoding, path and signature are OpenSSL's (OCSP_basic_verify); ours are what it leaves open: which answer, its
// dates, extensions, weak algorithms, and the words.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "revocation/ocsp_response.h"
#include "x509/certificate.h"

namespace symbolon::revocation {

inline constexpr std::size_t kMostOcspResponseOctets = 65536;
inline constexpr Seconds kOcspClockTolerance = kMinute * 5;  // how far thisUpdate may lie ahead of our clock

// What the response is to be about. `issuer`: the CA's certificate, trusted by the caller; the path ends there.
struct OcspSubject {
  x509::Certificate certificate;
  x509::Certificate issuer;
};

struct OcspReading {
  OcspStatus status = OcspStatus::unknown;
  UnixSeconds revoked_at = {};  // only where revoked
  std::uint8_t reason = 0;      // CRLReason; 0 where none or none that exists is given
  UnixSeconds this_update;
  UnixSeconds next_update;
  UnixSeconds signer_not_after;  // of the certificate of who signed: from then on the response stands for nothing
};

// The answer of `der` about that certificate, whatever it is. Its signer is the CA itself, or a responder whose
// certificate the CA issued directly with OCSPSigning (§4.2.2.2) and that is valid at `now`; whether that certificate
// is revoked is not asked, with or without nocheck. Nonces are not compared: staples have none (RFC 5019 §4).
// Fails with
//   too_large               more than kMostOcspResponseOctets
//   ocsp_malformed          not an OCSPResponse; not id-pkix-ocsp-basic; dates that cannot be; no nextUpdate, or it
//                           would never be stale; several answers about the certificate; a critical extension that is
//                           not understood, of the response or of the answer
//   ocsp_refused            no answer but malformedRequest, internalError, tryLater, sigRequired or unauthorized
//   ocsp_wrong_certificate  none of its answers is about the certificate
//   ocsp_wrong_signer       its signer is not found, not issued by the CA, not for OCSPSigning or not valid at `now`
//   ocsp_bad_signature      the signature does not fit, or is made with MD5 or SHA-1
//   ocsp_not_yet_valid      thisUpdate after `now` and the tolerance
//   ocsp_stale              nextUpdate before `now`
//   crypto_failed
Result<OcspReading> read_ocsp(ByteView der, const OcspSubject& subject, UnixSeconds now);

}  // namespace symbolon::revocation
