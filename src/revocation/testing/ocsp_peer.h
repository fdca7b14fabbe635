// For tests: OpenSSL as the foreign peer that asks and answers by OCSP, and a small PKI for it around kNow.
#pragma once

#include <openssl/ocsp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key.h"
#include "x509/testing/forge.h"

namespace symbolon::revocation::testing {

using crypto::Handle;
using x509::Certificate;
using x509::testing::forge;
using x509::testing::Forge;
using x509::testing::kNow;
using Request = Handle<OCSP_REQUEST, OCSP_REQUEST_free>;
using Response = Handle<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using Basic = Handle<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using Id = Handle<OCSP_CERTID, OCSP_CERTID_free>;

inline constexpr std::string_view kResponder =
    R"("basic": {"ca": false}, "usage": ["digital_signature"], "eku": ["1.3.6.1.5.5.7.3.9"],
       "extensions": [{"oid": "1.3.6.1.5.5.7.48.1.5", "critical": false, "value": "0500"}])";

template <auto Encode, typename T>
Bytes encoded(const T* object) {
  unsigned char* octets = nullptr;
  const int size = Encode(object, &octets);
  Bytes out(octets, octets + size);
  OPENSSL_free(octets);
  return out;
}

inline std::string pem_key(std::string_view id) {
  return std::string(as_text(forge().make(fmt::format(R"({{"private_key": "{}"}})", id))));
}
inline std::unique_ptr<crypto::Signer> signer(std::string_view id) {
  return crypto::make_signer(crypto::PrivateKey::from_pem(Secret(pem_key(id)), {}).value()).value();
}

// ocsp-ca issued a leaf and a responder; ocsp-ca-2 has the same name and another key.
struct Pki {
  Certificate ca = forge().ca("ocsp-ca", "OCSP CA");
  Certificate other = forge().ca("ocsp-ca-2", "OCSP CA");
  Certificate leaf = forge().client("ocsp-leaf", "leaf", "ocsp-ca");
  Certificate responder = forge().certificate("ocsp-responder", "Responder", "ocsp-ca", kResponder);
};
inline const Pki& pki() {
  static const Pki pki;
  return pki;
}

inline Id id_of(const Certificate& certificate, const Certificate& issuer, const EVP_MD* digest = EVP_sha1()) {
  return Id(OCSP_cert_to_id(digest, certificate.get(), issuer.get()));
}

struct Asked {
  std::vector<const EVP_MD*> digests = {EVP_sha1()};  // one request for the leaf with each
  std::optional<Bytes> nonce = {};                    // not empty: OpenSSL would draw one
};
inline Request request_for(const Asked& asked) {
  Request request(OCSP_REQUEST_new());
  for (const EVP_MD* digest : asked.digests) {
    OCSP_request_add0_id(request.get(), id_of(pki().leaf, pki().ca, digest).release());
  }
  if (asked.nonce) {
    Bytes nonce = *asked.nonce;
    OCSP_request_add1_nonce(request.get(), nonce.data(), static_cast<int>(nonce.size()));
  }
  return request;
}
inline Bytes octets_of(const Request& request) { return encoded<i2d_OCSP_REQUEST>(request.get()); }

// Extension with this value, in the hexadecimal of what the OCTET STRING holds.
inline crypto::X509ExtensionHandle extension(const char* oid, bool critical, std::string_view hex) {
  const Bytes octets = from_hex(hex).value();
  const crypto::Asn1Object object(OBJ_txt2obj(oid, 1));
  const Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(value.get(), octets.data(), static_cast<int>(octets.size()));
  return crypto::X509ExtensionHandle(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), critical ? 1 : 0, value.get()));
}

inline Handle<ASN1_TIME, ASN1_TIME_free> generalized(UnixSeconds at) {
  return Handle<ASN1_TIME, ASN1_TIME_free>(ASN1_GENERALIZEDTIME_set(nullptr, at.count));
}

}  // namespace symbolon::revocation::testing
