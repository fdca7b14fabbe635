#include "revocation/cert_ids.h"

#include "crypto/digest.h"
#include "x509/der_reader.h"
#include "x509/der_writer.h"

namespace symbolon::revocation {
namespace {

namespace der = x509::der;

// hashAlgorithm, issuerNameHash, issuerKeyHash. The parameters NULL are what askers write (RFC 4055 §2.1 knows both).
Bytes before_serial(std::string_view algorithm, ByteView name_hash, ByteView key_hash) {
  constexpr std::uint8_t kNull[] = {0x05, 0x00};
  const Bytes id = der::object_identifier(algorithm);
  Bytes out = der::element(der::tag::sequence, {id, kNull});
  for (const ByteView hash : {name_hash, key_hash}) {
    const Bytes octets = der::element(der::tag::octet_string, hash);
    out.insert(out.end(), octets.begin(), octets.end());
  }
  return out;
}

}  // namespace

ByteView key_bits(const x509::Certificate& issuer) {
  const ASN1_BIT_STRING* bits = X509_get0_pubkey_bitstr(issuer.get());
  if (bits == nullptr) return {};
  return {ASN1_STRING_get0_data(bits), static_cast<std::size_t>(ASN1_STRING_length(bits))};
}

CertIds::CertIds(const x509::Certificate& issuer) {
  const ByteView name = issuer.subject().der();
  const ByteView key = key_bits(issuer);
  sha1_ = before_serial("1.3.14.3.2.26", crypto::sha1_for_key_identifier(name), crypto::sha1_for_key_identifier(key));
  sha256_ = before_serial("2.16.840.1.101.3.4.2.1", crypto::sha256(name), crypto::sha256(key));
}

// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
Bytes CertIds::of(CertIdHash hash, const x509::SerialNumber& serial) const {
  ENSURE(hash != CertIdHash::other);
  return der::element(der::tag::sequence,
                      {hash == CertIdHash::sha1 ? sha1_ : sha256_, der::integer(serial.der_content())});
}

}  // namespace symbolon::revocation
