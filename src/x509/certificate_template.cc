#include "x509/certificate_template.h"

#include "x509/der_reader.h"
#include "x509/der_writer.h"
#include "x509/general_name_der.h"

namespace symbolon::x509 {
namespace {

using der::element;

// RFC 5280 §4.2: Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
enum class Critical : std::uint8_t { no, yes };

void append_extension(Bytes& out, std::string_view oid, Critical critical, ByteView value) {
  const Bytes id = der::object_identifier(oid);
  ENSURE(!id.empty());
  const Bytes flag = critical == Critical::yes ? der::boolean(true) : Bytes();  // DER leaves the default out
  const Bytes content = element(der::tag::octet_string, value);
  const Bytes extension = element(der::tag::sequence, {id, flag, content});
  out.insert(out.end(), extension.begin(), extension.end());
}

Bytes basic_constraints(const CertificateTemplate& content) {
  const Bytes ca = der::boolean(true);
  const Bytes length =
      content.path_length ? der::unsigned_integer(static_cast<std::uint64_t>(*content.path_length)) : Bytes();
  return element(der::tag::sequence, {ca, length});
}

Bytes extended_key_usage(const std::vector<std::string>& purposes) {
  Bytes list;
  for (const std::string& purpose : purposes) {
    const Bytes id = der::object_identifier(purpose);
    ENSURE(!id.empty());
    list.insert(list.end(), id.begin(), id.end());
  }
  return element(der::tag::sequence, list);
}

constexpr std::uint8_t kUri = 0x86;  // GeneralName: [6] IMPLICIT IA5String

// RFC 5280 §4.2.1.13: one DistributionPoint, its distributionPoint a fullName of one URI: neither reasons nor
// cRLIssuer. §4.2.1.15: "The same syntax is used for this extension [freshestCRL] and the cRLDistributionPoints
// extension".
Bytes distribution_points(std::string_view url) {
  const Bytes names = element(der::tag::context(0), element(kUri, as_bytes(url)));
  const Bytes point = element(der::tag::sequence, element(der::tag::context(0), names));
  return element(der::tag::sequence, point);
}

// RFC 5280 §4.2.2.1: one AccessDescription.
Bytes authority_info_access(std::string_view ocsp_url) {
  constexpr std::string_view kOcsp = "1.3.6.1.5.5.7.48.1";  // id-ad-ocsp
  const Bytes method = der::object_identifier(kOcsp);
  const Bytes location = element(kUri, as_bytes(ocsp_url));
  return element(der::tag::sequence, element(der::tag::sequence, {method, location}));
}

Result<Bytes> extensions(const CertificateTemplate& content) {
  constexpr std::uint8_t kKeyIdentifier = 0x80;  // [0] IMPLICIT, primitive
  Bytes out;
  if (content.ca) append_extension(out, "2.5.29.19", Critical::yes, basic_constraints(content));
  if (content.key_usage != 0) append_extension(out, "2.5.29.15", Critical::yes, der::named_bits(content.key_usage));
  if (!content.extended_key_usage.empty()) {
    append_extension(out, "2.5.29.37", Critical::no, extended_key_usage(content.extended_key_usage));
  }
  append_extension(out, "2.5.29.14", Critical::no,
                   element(der::tag::octet_string, content.public_key.key_identifier()));
  if (!content.authority_key_identifier.empty()) {
    const Bytes identifier = element(kKeyIdentifier, content.authority_key_identifier);
    append_extension(out, "2.5.29.35", Critical::no, element(der::tag::sequence, identifier));
  }
  if (!content.subject_alt_names.empty()) {
    // RFC 5280 §4.2.1.6: "If the subject field contains an empty sequence, then [...] the subjectAltName extension
    // MUST be marked as critical."
    append_extension(out, "2.5.29.17", content.subject.empty() ? Critical::yes : Critical::no,
                     TRY(encode_general_names(content.subject_alt_names)));
  }
  if (!content.name_constraints.empty()) {
    append_extension(out, "2.5.29.30", Critical::yes, encode(content.name_constraints));
  }
  if (!content.crl_url.empty()) {
    append_extension(out, "2.5.29.31", Critical::no, distribution_points(content.crl_url));
  }
  if (!content.freshest_crl_url.empty()) {
    append_extension(out, "2.5.29.46", Critical::no, distribution_points(content.freshest_crl_url));
  }
  if (!content.ocsp_url.empty()) {
    append_extension(out, "1.3.6.1.5.5.7.1.1", Critical::no, authority_info_access(content.ocsp_url));
  }
  const Bytes null = element(der::tag::null, ByteView());
  if (content.no_rev_avail) append_extension(out, kNoRevAvailOid, Critical::no, null);
  if (content.ocsp_no_check) append_extension(out, kOcspNoCheckOid, Critical::no, null);
  if (content.profile) {
    append_extension(out, kProfileOid, Critical::no, element(der::tag::utf8_string, as_bytes(*content.profile)));
  }
  return out;
}

// The first second of 1950 and the last of 9999: what the two ASN.1 types can say between them.
constexpr UnixSeconds kFirst{-631152000};
constexpr UnixSeconds kLast{253402300799};

}  // namespace

Result<Bytes> encode_tbs(const CertificateTemplate& content, ByteView algorithm_identifier) {
  const Validity& validity = content.validity;
  if (validity.not_before < kFirst || validity.not_after > kLast || validity.not_after < validity.not_before) {
    return fail(Code::lint_validity, "from {} to {} is no period a certificate can name",
                to_rfc3339(validity.not_before), to_rfc3339(validity.not_after));
  }
  constexpr std::uint64_t kVersion3 = 2;
  const Bytes version = element(der::tag::context(0), der::unsigned_integer(kVersion3));
  const Bytes serial = der::integer(content.serial.der_content());
  const Bytes period = element(der::tag::sequence, {der::time(validity.not_before), der::time(validity.not_after)});
  const auto each_extension = TRY(extensions(content));
  const Bytes all_extensions = element(der::tag::context(3), element(der::tag::sequence, each_extension));
  return element(der::tag::sequence, {version, serial, algorithm_identifier, content.issuer.der(), period,
                                      content.subject.der(), content.public_key.spki(), all_extensions});
}

Bytes assemble_certificate(ByteView tbs, ByteView algorithm_identifier, ByteView signature) {
  return element(der::tag::sequence, {tbs, algorithm_identifier, der::bit_string(signature)});
}

}  // namespace symbolon::x509
