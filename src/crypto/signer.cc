// Signing and verifying: what algorithm goes with which key stands here, once.
#include <openssl/err.h>
#include <openssl/rsa.h>
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

using PssParameters = Handle<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free>;

int nid_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  if (algorithm != nullptr) X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return object == nullptr ? NID_undef : OBJ_obj2nid(object);
}

// What RFC 8017 §A.2.3 lets a signature say beside "RSASSA-PSS".
struct Pss {
  const EVP_MD* digest = nullptr;
  int salt = 0;
};

// SHA-256, SHA-384 or SHA-512, the same in MGF1; what is absent means SHA-1 and is not taken (RFC 4055 §3.1).
std::optional<Pss> pss_of(const X509_ALGOR* algorithm) {
  const void* value = nullptr;
  int type = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &type, &value, algorithm);
  if (type != V_ASN1_SEQUENCE) return std::nullopt;
  const auto* const sequence = static_cast<const ASN1_STRING*>(value);
  const unsigned char* at = ASN1_STRING_get0_data(sequence);
  const PssParameters parameters(d2i_RSA_PSS_PARAMS(nullptr, &at, ASN1_STRING_length(sequence)));
  if (!parameters || nid_of(parameters->maskGenAlgorithm) != NID_mgf1) return std::nullopt;
  const int digest = nid_of(parameters->hashAlgorithm);
  if (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512) return std::nullopt;
  X509_ALGOR_get0(nullptr, &type, &value, parameters->maskGenAlgorithm);
  if (type != V_ASN1_SEQUENCE) return std::nullopt;
  const auto* const inner = static_cast<const ASN1_STRING*>(value);
  at = ASN1_STRING_get0_data(inner);
  const X509AlgorithmHandle mask(d2i_X509_ALGOR(nullptr, &at, ASN1_STRING_length(inner)));
  if (nid_of(mask.get()) != digest) return std::nullopt;
  constexpr long kDefaultSalt = 20;
  constexpr long kLongestSalt = 512;
  const long salt = parameters->saltLength == nullptr ? kDefaultSalt : ASN1_INTEGER_get(parameters->saltLength);
  if (salt < 0 || salt > kLongestSalt) return std::nullopt;
  return Pss{EVP_get_digestbynid(digest), static_cast<int>(salt)};
}

// Makes the context ready to verify what the algorithm says; false where algorithm and key do not go together.
bool begin_verifying(EVP_MD_CTX* context, const X509_ALGOR* algorithm, EVP_PKEY* key) {
  const int nid = nid_of(algorithm);
  const int kind = EVP_PKEY_get_base_id(key);
  if (nid == NID_rsassaPss) {
    const auto pss = pss_of(algorithm);
    EVP_PKEY_CTX* of_key = nullptr;  // the context's own
    return pss && (kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS) &&
           EVP_DigestVerifyInit(context, &of_key, pss->digest, nullptr, key) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(of_key, pss->digest) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, pss->salt) == 1;
  }
  int digest = NID_undef;
  int wanted = NID_undef;
  if (OBJ_find_sigid_algs(nid, &digest, &wanted) != 1 || wanted != kind) return false;
  const char* const name = digest == NID_undef ? nullptr : OBJ_nid2sn(digest);
  return EVP_DigestVerifyInit_ex(context, nullptr, name, nullptr, nullptr, key, nullptr) == 1;
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

bool verify_signature(const PublicKey& key, ByteView algorithm_identifier, ByteView message, ByteView signature) {
  const unsigned char* at = algorithm_identifier.data();
  const X509AlgorithmHandle algorithm(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm_identifier.size())));
  const DigestContext context(EVP_MD_CTX_new());
  const bool fits =
      algorithm && context && key.get() != nullptr && begin_verifying(context.get(), algorithm.get(), key.get()) &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  ERR_clear_error();
  return fits;
}

}  // namespace symbolon::crypto
