// What a certificate shall say, and its exact encoding before (TBSCertificate, RFC 5280 §4.1) and after signing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/key.h"
#include "x509/certificate.h"
#include "x509/name.h"
#include "x509/name_constraints.h"
#include "x509/serial_number.h"

namespace symbolon::x509 {

inline constexpr std::string_view kNoRevAvailOid = "2.5.29.56";              // RFC 9608
inline constexpr std::string_view kOcspNoCheckOid = "1.3.6.1.5.5.7.48.1.5";  // RFC 6960 §4.2.2.2.1

// Version 3 always. The extensions come in this order; what is absent here is absent there.
struct CertificateTemplate {
  SerialNumber serial;
  DistinguishedName issuer;
  DistinguishedName subject;
  Validity validity;
  crypto::PublicKey public_key;
  bool ca = false;                                   // basicConstraints: critical in a CA, left out of a leaf
  std::optional<int> path_length = {};               // of a CA
  std::uint16_t key_usage = 0;                       // KeyUsage bits; critical
  std::vector<std::string> extended_key_usage = {};  // dotted OIDs; non-critical
  Bytes authority_key_identifier = {};               // keyIdentifier; empty: no extension (a root)
  std::vector<GeneralName> subject_alt_names = {};   // critical if the subject is empty (§4.2.1.6)
  NameConstraints name_constraints = {};             // critical
  std::string crl_url = {};                          // cRLDistributionPoints (§4.2.1.13), non-critical; empty: none
  std::string freshest_crl_url = {};                 // freshestCRL (§4.2.1.15), non-critical; empty: none
  std::string ocsp_url = {};                         // of authorityInfoAccess (§4.2.2.1), non-critical; empty: none
  bool no_rev_avail = false;                         // RFC 9608, non-critical
  bool ocsp_no_check = false;                        // non-critical
  std::optional<std::string> profile = {};           // kProfileOid, UTF8String, non-critical
};
// subjectKeyIdentifier is always there: the key's key_identifier().

// The exact bytes that a signer signs. `algorithm_identifier` is the signer's. Fails with name_malformed for a name
// that has no encoding, lint_validity for a date outside the years 1950 to 9999.
Result<Bytes> encode_tbs(const CertificateTemplate& content, ByteView algorithm_identifier);

// The certificate in DER.
Bytes assemble_certificate(ByteView tbs, ByteView algorithm_identifier, ByteView signature);

}  // namespace symbolon::x509
