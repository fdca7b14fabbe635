// Verifying: what algorithm goes with which key stands here, once.
#include "crypto/signature_check.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace symbolon::crypto {
namespace {

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

std::optional<SignatureCheck> SignatureCheck::begin(const PublicKey& key, ByteView algorithm_identifier) {
  const unsigned char* at = algorithm_identifier.data();
  const X509AlgorithmHandle algorithm(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(algorithm_identifier.size())));
  DigestContext context(EVP_MD_CTX_new());
  const bool begun =
      algorithm && context && key.get() != nullptr && begin_verifying(context.get(), algorithm.get(), key.get());
  ERR_clear_error();
  if (!begun) return std::nullopt;
  const bool keeps = EVP_MD_CTX_get0_md(context.get()) == nullptr;
  return SignatureCheck(std::move(context), keeps);
}

void SignatureCheck::add(ByteView octets) {
  if (keeps_) {
    kept_.insert(kept_.end(), octets.begin(), octets.end());
  } else if (EVP_DigestVerifyUpdate(context_.get(), octets.data(), octets.size()) != 1) {
    failed_ = true;
  }
}

bool SignatureCheck::fits(ByteView signature) {
  const bool fits =
      !failed_ &&
      (keeps_ ? EVP_DigestVerify(context_.get(), signature.data(), signature.size(), kept_.data(), kept_.size())
              : EVP_DigestVerifyFinal(context_.get(), signature.data(), signature.size())) == 1;
  ERR_clear_error();
  return fits;
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
