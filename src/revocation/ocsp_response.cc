#include "revocation/ocsp_response.h"

#include <algorithm>

#include "revocation/ocsp_request.h"
#include "x509/der_reader.h"
#include "x509/der_writer.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;

constexpr std::uint8_t kEnumerated = 0x0a;
// What a CRL can say, too.
constexpr UnixSeconds kFirst{-631152000};   // 1950-01-01T00:00:00Z
constexpr UnixSeconds kLast{253402300799};  // 9999-12-31T23:59:59Z

Bytes enumerated(std::uint8_t value) { return der::element(kEnumerated, ByteView(&value, 1)); }

// RFC 5280 §5.3.1: 7 is not used, 8 (removeFromCRL) stands in delta CRLs only.
bool is_reason(std::uint8_t reason) { return reason <= 10 && reason != 7 && reason != 8; }

// CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
// RevokedInfo ::= SEQUENCE { revocationTime GeneralizedTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL }
Bytes cert_status(const CertStatus& said) {
  switch (said.status) {
    case OcspStatus::good: return {0x80, 0x00};
    case OcspStatus::unknown: return {0x82, 0x00};
    case OcspStatus::revoked: break;
  }
  const Bytes at = der::generalized_time(std::clamp(said.revoked_at, kFirst, kLast));
  const Bytes reason = said.reason == 0 ? Bytes() : der::element(der::tag::context(0), enumerated(said.reason));
  return der::element(der::tag::context(1), {at, reason});
}

// SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] EXPLICIT, singleExtensions [1] }
Bytes single_response(const OcspAnswer& answer) {
  const Bytes status = cert_status(answer.status);
  const Bytes this_update = der::generalized_time(answer.this_update);
  const Bytes next_update = der::element(der::tag::context(0), der::generalized_time(answer.next_update));
  return der::element(der::tag::sequence, {answer.cert_id, status, this_update, next_update});
}

// responseExtensions [1] EXPLICIT, with id-pkix-ocsp-nonce alone.
Bytes response_extensions(ByteView nonce) {
  static const Bytes kId = der::object_identifier("1.3.6.1.5.5.7.48.1.2");
  const Bytes value = der::element(der::tag::octet_string, der::element(der::tag::octet_string, nonce));
  const Bytes extension = der::element(der::tag::sequence, {kId, value});
  return der::element(der::tag::context(1), der::element(der::tag::sequence, extension));
}

Status check(const OcspHeading& heading, std::span<const OcspAnswer> answers) {
  if (heading.produced_at < kFirst || heading.produced_at > kLast) {
    return fail(Code::bad_request, "produced at {}: no date a response can name", to_rfc3339(heading.produced_at));
  }
  if (heading.nonce && (heading.nonce->empty() || heading.nonce->size() > kMostOcspNonce)) {
    return fail(Code::bad_request, "a nonce of {} octets", heading.nonce->size());
  }
  if (answers.empty()) return fail(Code::bad_request, "a response without an answer");
  for (const OcspAnswer& answer : answers) {
    if (!der::only(answer.cert_id, der::tag::sequence)) return fail(Code::bad_request, "a CertID that is no SEQUENCE");
    if (answer.status.status == OcspStatus::revoked && !is_reason(answer.status.reason)) {
      return fail(Code::bad_request, "revoked for the reason {}, which is none", answer.status.reason);
    }
    if (answer.this_update < kFirst || answer.next_update > kLast || answer.next_update < answer.this_update) {
      return fail(Code::bad_request, "from {} to {} is no period a response can name", to_rfc3339(answer.this_update),
                  to_rfc3339(answer.next_update));
    }
  }
  return {};
}

}  // namespace

// ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses, responseExtensions [1] }
Result<Bytes> ocsp_response_data(const OcspHeading& heading, std::span<const OcspAnswer> answers) {
  TRY(check(heading, answers));
  constexpr unsigned kByKey = 2;
  const Bytes responder =
      der::element(der::tag::context(kByKey), der::element(der::tag::octet_string, heading.responder_key));
  const Bytes produced_at = der::generalized_time(heading.produced_at);
  Bytes list;
  for (const OcspAnswer& answer : answers) {
    const Bytes one = single_response(answer);
    list.insert(list.end(), one.begin(), one.end());
  }
  const Bytes responses = der::element(der::tag::sequence, list);
  const Bytes extensions = heading.nonce ? response_extensions(*heading.nonce) : Bytes();
  return der::element(der::tag::sequence, {responder, produced_at, responses, extensions});
}

Bytes assemble_ocsp(ByteView response_data, ByteView algorithm_identifier, ByteView signature,
                    std::span<const Bytes> certificates) {
  Bytes certs;
  for (const Bytes& certificate : certificates) certs.insert(certs.end(), certificate.begin(), certificate.end());
  if (!certs.empty()) certs = der::element(der::tag::context(0), der::element(der::tag::sequence, certs));
  const Bytes bits = der::bit_string(signature);
  const Bytes basic = der::element(der::tag::sequence, {response_data, algorithm_identifier, bits, certs});
  static const Bytes kType = der::object_identifier("1.3.6.1.5.5.7.48.1.1");  // id-pkix-ocsp-basic
  const Bytes octets = der::element(der::tag::octet_string, basic);
  const Bytes bytes = der::element(der::tag::context(0), der::element(der::tag::sequence, {kType, octets}));
  constexpr std::uint8_t kSuccessful = 0;
  return der::element(der::tag::sequence, {enumerated(kSuccessful), bytes});
}

Bytes ocsp_error(OcspError error) {
  return der::element(der::tag::sequence, enumerated(static_cast<std::uint8_t>(error)));
}

}  // namespace symbolon::revocation
