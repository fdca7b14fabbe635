// OCSP requests (RFC 6960 §4.1, RFC 5019 §2.1, nonces of RFC 9654): what is asked, as views into the octets; and the
// one that we send.
//
// Reading is total over any input. What fails there is answered with malformedRequest.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/serial_number.h"

namespace symbolon::revocation {

inline constexpr std::size_t kMostOcspRequestOctets =
    32768;                                             // 100 requests with SHA-512 and a signature with its chain
inline constexpr std::size_t kMostOcspRequests = 100;  // each costs a look-up and about 100 octets of answer
inline constexpr std::size_t kMostOcspNonce = 128;     // RFC 9654 §2.1
inline constexpr std::size_t kMostOcspGetPath = 8192;  // characters; RFC 5019 §5 knows 255 octets

// How the issuer of a CertID is hashed. The others are legal and nobody's: such a request is answered with unauthorized
// (RFC 5019 §2.2.3), since no CA of ours can be told by them.
enum class CertIdHash : std::uint8_t { sha1, sha256, other };

// Which certificate is meant (RFC 6960 §4.1.1). Views borrow from the request.
struct CertId {
  ByteView der;  // all of it, DER down to the innermost element; our answers have it in one form (cert_ids.h)
  CertIdHash hash = CertIdHash::other;
  ByteView issuer_name_hash;  // of any length: one that is not the hash's matches nobody
  ByteView issuer_key_hash;
  // None where no certificate can have it: negative or longer than 20 octets. ASN.1 allows it, so the request is
  // well-formed, and it is answered with unauthorized. Zero is a number as any other.
  std::optional<x509::SerialNumber> serial;
};

// Views borrow from the DER that was parsed.
struct OcspRequest {
  std::vector<CertId> requests;   // 1 to kMostOcspRequests, in the order asked; the same may come twice
  std::optional<ByteView> nonce;  // 1 to 128 octets, without its wrapping
};

// Fails with too_large (more than kMostOcspRequestOctets), else with bad_request; the words hold the octet:
// not DER, a version other than 1, no or too many requests, a serial that is not the shortest INTEGER, a nonce of 0 or
// more than 128 octets or one that is no OCTET STRING, an extension that stands twice, or that is critical and unknown.
// Taken and ignored: requestorName, optionalSignature (nothing of it is verified), every other extension.
Result<OcspRequest> parse_ocsp_request(ByteView der);

// The OCSPRequest in DER that asks about this one certificate (a CertID in DER, cert_ids.h), as RFC 5019 §2.1 wants it:
// without a nonce, so that answers may be kept.
Bytes make_ocsp_request(ByteView cert_id);

// RFC 6960 §A.1: "{url}/{url-encoding of base-64 encoding of the DER encoding of the OCSPRequest}". `path`: what stands
// behind the responder's URL, as it came, without query. Gives the DER. Fails with bad_request or too_large.
// As the field does it: percent-encoding is undone once; '+' and '/' may stand plain; a blank stands for '+' (who
// decodes a form makes it one); slashes in front are passed over (DER begins with 'M'); padding may be left out, but
// wrong padding fails; '-' and '_' are not base64 here.
Result<Bytes> parse_get_path(std::string_view path);

}  // namespace symbolon::revocation
