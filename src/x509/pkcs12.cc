#include "x509/pkcs12.h"

#include <openssl/pkcs12.h>

#include <algorithm>

#include "crypto/openssl_error.h"
#include "x509/pkcs12_bags.h"

namespace symbolon::x509 {
namespace {

struct FreeCertificates {
  void operator()(STACK_OF(X509) * certificates) const { sk_X509_pop_free(certificates, X509_free); }
};
using CertificateStack = std::unique_ptr<STACK_OF(X509), FreeCertificates>;

CertificateStack above_leaf(const std::vector<Certificate>& chain) {
  CertificateStack out(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    X509_up_ref(chain[i].get());
    if (sk_X509_push(out.get(), chain[i].get()) == 0) X509_free(chain[i].get());
  }
  return out;
}

// The content types in which importers agree: PBES2 for both bags (RFC 8018 §6.2), PBKDF2 with HMAC-SHA-256, which
// OpenSSL takes for its PBES2 ciphers by default.
Result<crypto::Pkcs12Handle> build(const crypto::PrivateKey& key, const std::vector<Certificate>& chain,
                                   const Secret& password, const Pkcs12Options& options) {
  const bool modern = options.strength == Pkcs12Strength::modern;
  const int cipher = modern ? NID_aes_256_cbc : NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
  const EVP_MD* const digest = modern ? EVP_sha256() : EVP_sha1();
  const CertificateStack others = above_leaf(chain);
  const std::string secret(password.reveal());  // the library wants an end mark
  // A MAC iteration of -1: no MAC yet; it follows with the digest we choose.
  crypto::Pkcs12Handle out(PKCS12_create_ex(secret.c_str(), options.friendly_name.c_str(), key.get(),
                                            chain.front().get(), others.get(), cipher, cipher, options.iterations, -1,
                                            0, nullptr, nullptr));
  if (!out || PKCS12_set_mac(out.get(), secret.c_str(), -1, nullptr, 0, options.iterations, digest) != 1) {
    return crypto::openssl_failure(Code::crypto_failed, "the PKCS#12 file cannot be made");
  }
  return out;
}

}  // namespace

Result<Bytes> write_pkcs12(const crypto::PrivateKey& key, const std::vector<Certificate>& chain, const Secret& password,
                           const Pkcs12Options& options) {
  if (chain.empty() || !key.belongs_to(chain.front().public_key())) {
    return fail(Code::key_mismatch, "the key is not that of the first certificate");
  }
  if (password.empty()) return fail(Code::passphrase_needed, "a PKCS#12 file needs a password");
  const auto file = TRY(build(key, chain, password, options));
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(file.get(), &der);
  if (size <= 0) return crypto::openssl_failure(Code::crypto_failed, "the PKCS#12 file cannot be encoded");
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Result<Pkcs12Content> read_pkcs12(ByteView der, const Secret& password) {
  Pkcs12Bags bags = TRY(read_pkcs12_bags(der, password));
  if (!bags.has_mac) return fail(Code::pkcs12_malformed, "the file has no MAC");
  Pkcs12Content out;
  if (!bags.keys.empty()) out.key = std::move(bags.keys.front().key);
  const auto own = std::ranges::find_if(bags.certificates, [&](const Pkcs12Certificate& one) {
    return out.key && out.key->belongs_to(one.certificate.public_key());
  });
  if (own != bags.certificates.end()) {
    out.friendly_name = own->friendly_name;
    std::rotate(bags.certificates.begin(), own, own + 1);
  }
  for (Pkcs12Certificate& one : bags.certificates) out.certificates.push_back(std::move(one.certificate));
  return out;
}

}  // namespace symbolon::x509
