#include "x509/pkcs12.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl_error.h"

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

std::string friendly_name_of(X509* certificate) {
  int size = 0;
  const unsigned char* const text = X509_alias_get0(certificate, &size);
  return text == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
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
  const unsigned char* at = der.data();
  const crypto::Pkcs12Handle file(d2i_PKCS12(nullptr, &at, static_cast<long>(der.size())));
  if (!file || at != der.data() + der.size()) return crypto::openssl_failure(Code::pkcs12_malformed, "not PKCS#12");
  const std::string secret(password.reveal());
  if (PKCS12_mac_present(file.get()) != 1) return fail(Code::pkcs12_malformed, "the file has no MAC");
  constexpr long kMostIterations = 5'000'000;  // a few seconds; who demands more wants us to hang
  const ASN1_INTEGER* iterations = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &iterations, file.get());
  if (const long count = iterations == nullptr ? 1 : ASN1_INTEGER_get(iterations);
      count < 1 || count > kMostIterations) {
    return fail(Code::pkcs12_malformed, "the MAC asks for {} iterations; at most {} are made", count, kMostIterations);
  }
  if (PKCS12_verify_mac(file.get(), secret.c_str(), -1) != 1) {
    // An empty password may be meant as none (RFC 7292 Appendix B.1 knows both).
    ERR_clear_error();
    if (!secret.empty()) return fail(Code::passphrase_wrong, "the password does not open the PKCS#12 file");
    if (PKCS12_verify_mac(file.get(), nullptr, 0) != 1) {
      ERR_clear_error();
      return fail(Code::passphrase_needed, "the PKCS#12 file has a password");
    }
  }
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (PKCS12_parse(file.get(), secret.c_str(), &key, &leaf, &others) != 1) {
    return crypto::openssl_failure(Code::pkcs12_malformed, "the PKCS#12 file cannot be read");
  }
  const CertificateStack owned(others);
  const crypto::X509Handle first(leaf);
  Pkcs12Content out;
  if (key != nullptr) out.key = crypto::PrivateKey::from_handle(crypto::EvpKey(key));
  if (first) {
    out.friendly_name = friendly_name_of(first.get());
    out.certificates.push_back(Certificate::from_handle(first.get()));
  }
  const int count = others == nullptr ? 0 : sk_X509_num(others);
  for (int i = 0; i < count; ++i) out.certificates.push_back(Certificate::from_handle(sk_X509_value(others, i)));
  return out;
}

}  // namespace symbolon::x509
