// Makes OCSP responses (RFC 6960 §4.2): the exact bytes that are signed (ResponseData), and the response around a
// signature.
//
// Deterministic: the same facts in the same order give the same octets, whoever builds them. Version 1, responder by
// key, nextUpdate always (RFC 5019 §2.2.4), the nonce as only extension.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace symbolon::revocation {

// The choices of CertStatus, in the order of their tags.
enum class OcspStatus : std::uint8_t { good, revoked, unknown };

// CertStatus: what is said of one certificate.
struct CertStatus {
  OcspStatus status = OcspStatus::unknown;
  UnixSeconds revoked_at = {};  // only where revoked; a date outside the years 1950 to 9999 is moved to the nearer end
  std::uint8_t reason = 0;      // only where revoked: CRLReason; 0, unspecified, is left out
  bool operator==(const CertStatus&) const = default;
};

// What a response says beside its answers.
struct OcspHeading {
  crypto::Sha1 responder_key{};  // SHA-1 over the responder's public key bits (PublicKey::key_identifier)
  UnixSeconds produced_at;
  std::optional<ByteView> nonce = {};  // as asked; RFC 9654
};

// SingleResponse.
struct OcspAnswer {
  ByteView cert_id;  // DER
  CertStatus status = {};
  UnixSeconds this_update;
  UnixSeconds next_update;
};

// The ResponseData, with the answers in their order. Fails with bad_request: no answer, a CertID that is no SEQUENCE, a
// reason that no certificate can be revoked for (7, 8, above 10), dates outside the years 1950 to 9999 or that end
// before they begin, a nonce of other than 1 to 128 octets.
Result<Bytes> ocsp_response_data(const OcspHeading& heading, std::span<const OcspAnswer> answers);

// The OCSPResponse (successful, id-pkix-ocsp-basic) in DER. `certificates`: DER of the responder's certificate and what
// else helps to verify it; none where the CA itself signs.
Bytes assemble_ocsp(ByteView response_data, ByteView algorithm_identifier, ByteView signature,
                    std::span<const Bytes> certificates);

// OCSPResponseStatus of a response without answers.
enum class OcspError : std::uint8_t { malformed_request = 1, internal_error = 2, try_later = 3, unauthorized = 6 };

// Not signed. RFC 5019 §2.2.3: unauthorized, where the responder has no authoritative record.
Bytes ocsp_error(OcspError error);

}  // namespace symbolon::revocation
