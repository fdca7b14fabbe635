// Signing: what algorithm goes with which key stands here, once.
#include <openssl/x509.h>

#include <optional>

#include "crypto/key.h"
#include "crypto/openssl_error.h"

namespace symbolon::crypto {
namespace {

struct Scheme {
  KeyType type;
  const char* digest;  // null: the algorithm has its own (Ed25519)
  int signature_nid;
};
constexpr Scheme kSchemes[] = {
    {KeyType::p256, "SHA256", NID_ecdsa_with_SHA256},
    {KeyType::p384, "SHA384", NID_ecdsa_with_SHA384},
    {KeyType::ed25519, nullptr, NID_ED25519},
    {KeyType::rsa2048, "SHA256", NID_sha256WithRSAEncryption},
    {KeyType::rsa3072, "SHA256", NID_sha256WithRSAEncryption},
    {KeyType::rsa4096, "SHA256", NID_sha256WithRSAEncryption},
};

class KeySigner final : public Signer {
 public:
  KeySigner(PrivateKey key, PublicKey public_key, const char* digest, Bytes algorithm)
      : key_(std::move(key)), public_(std::move(public_key)), digest_(digest), algorithm_(std::move(algorithm)) {}

  const PublicKey& public_key() const override { return public_; }
  ByteView algorithm_identifier() const override { return algorithm_; }

  Result<Bytes> sign(ByteView message) const override {
    const DigestContext context(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), nullptr, digest_, nullptr, nullptr, key_.get(), nullptr) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
      return openssl_failure(Code::crypto_failed, "signing failed");
    }
    Bytes signature(size);
    if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
      return openssl_failure(Code::crypto_failed, "signing failed");
    }
    signature.resize(size);
    return signature;
  }

 private:
  PrivateKey key_;
  PublicKey public_;
  const char* digest_;
  Bytes algorithm_;
};

class AbsentSigner final : public Signer {
 public:
  AbsentSigner(PublicKey public_key, Bytes algorithm)
      : public_(std::move(public_key)), algorithm_(std::move(algorithm)) {}
  const PublicKey& public_key() const override { return public_; }
  ByteView algorithm_identifier() const override { return algorithm_; }
  Result<Bytes> sign(ByteView) const override { return fail(Code::crypto_failed, "the key is elsewhere"); }

 private:
  PublicKey public_;
  Bytes algorithm_;
};

Bytes encode_algorithm(int nid) {
  const X509AlgorithmHandle algorithm(X509_ALGOR_new());
  // RFC 4055 §5: NULL parameters for RSA; RFC 5758 §3.2 and RFC 8410 §3: none for ECDSA and Ed25519.
  const int parameters = nid == NID_sha256WithRSAEncryption ? V_ASN1_NULL : V_ASN1_UNDEF;
  ENSURE(X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(nid), parameters, nullptr) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_X509_ALGOR(algorithm.get(), &der);
  ENSURE(size > 0);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace

Result<std::unique_ptr<Signer>> make_absent_signer(PublicKey key) {
  const auto type = key.type();
  for (const Scheme& scheme : kSchemes) {
    if (type == scheme.type) {
      return std::make_unique<AbsentSigner>(std::move(key), encode_algorithm(scheme.signature_nid));
    }
  }
  return fail(Code::key_type_not_allowed, "{} keys do not sign for a CA here", key.description());
}

Result<std::unique_ptr<Signer>> make_signer(PrivateKey key) {
  PublicKey public_key = key.public_key();
  const auto type = public_key.type();
  for (const Scheme& scheme : kSchemes) {
    if (type == scheme.type) {
      return std::make_unique<KeySigner>(std::move(key), std::move(public_key), scheme.digest,
                                         encode_algorithm(scheme.signature_nid));
    }
  }
  return fail(Code::key_type_not_allowed, "{} keys do not sign for a CA here", public_key.description());
}

}  // namespace symbolon::crypto
