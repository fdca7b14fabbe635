#include "x509/pkcs12_bags.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include <algorithm>

#include "crypto/openssl_error.h"
#include "crypto/password_scheme.h"

namespace symbolon::x509 {
namespace {

constexpr std::size_t kMostBags = 1000;
constexpr int kDeepestBag = 4;
constexpr std::uint64_t kMostMacIterations = 5'000'000;  // a few seconds

template <typename T, auto Free>
struct FreeAll {
  void operator()(T* stack) const { Free(stack); }
};
void free_bags(STACK_OF(PKCS12_SAFEBAG) * bags) { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
void free_safes(STACK_OF(PKCS7) * safes) { sk_PKCS7_pop_free(safes, PKCS7_free); }
using BagStack = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), FreeAll<STACK_OF(PKCS12_SAFEBAG), free_bags>>;
using SafeStack = std::unique_ptr<STACK_OF(PKCS7), FreeAll<STACK_OF(PKCS7), free_safes>>;

std::unexpected<Error> malformed(std::string_view what) {
  return crypto::openssl_failure(Code::pkcs12_malformed, what);
}

// As the library wants it. RFC 7292 Appendix B.1 knows an empty password (two zero octets) and none.
struct Password {
  const char* text = nullptr;
  int size = 0;
};

std::string friendly_name(PKCS12_SAFEBAG* bag) {
  char* const text = PKCS12_get_friendlyname(bag);
  std::string out(text == nullptr ? "" : text);
  OPENSSL_free(text);
  ERR_clear_error();
  return out;
}

class BagReader {
 public:
  BagReader(Password password, Pkcs12Bags& out) : password_(password), out_(out) {}

  Status read(PKCS7* safe) {
    if (PKCS7_type_is_data(safe)) {
      const BagStack bags(safe->d.data == nullptr ? nullptr : PKCS12_unpack_p7data(safe));
      if (!bags) return malformed("a part of it cannot be read");
      return read(bags.get(), 0);
    }
    if (!PKCS7_type_is_encrypted(safe)) {
      return malformed("a part of it is neither plain nor encrypted with a password");
    }
    const BagStack bags = TRY(decrypt(safe));
    return read(bags.get(), 0);
  }

 private:
  Result<OSSL_LIB_CTX*> library_for(const X509_ALGOR* algorithm) {
    auto scheme = crypto::password_scheme(algorithm);
    if (!scheme) return fail(Code::pkcs12_malformed, "{}", scheme.error().words);
    auto library = crypto::library_for(*scheme, left_);
    if (!library) return fail(Code::pkcs12_malformed, "{}", library.error().words);
    left_ -= scheme->iterations;
    out_.legacy = out_.legacy || scheme->legacy;
    if (std::ranges::find(out_.schemes, scheme->name) == out_.schemes.end()) out_.schemes.push_back(scheme->name);
    return *library;
  }

  Result<BagStack> decrypt(PKCS7* safe) {
    const PKCS7_ENCRYPT* const encrypted = safe->d.encrypted;
    const PKCS7_ENC_CONTENT* const content = encrypted == nullptr ? nullptr : encrypted->enc_data;
    if (content == nullptr || content->enc_data == nullptr || content->algorithm == nullptr) {
      return malformed("an encrypted part of it is empty");
    }
    OSSL_LIB_CTX* const library = TRY(library_for(content->algorithm));
    BagStack bags(static_cast<STACK_OF(PKCS12_SAFEBAG)*>(
        PKCS12_item_decrypt_d2i_ex(content->algorithm, ASN1_ITEM_rptr(PKCS12_SAFEBAGS), password_.text, password_.size,
                                   content->enc_data, 1, library, nullptr)));
    if (!bags) return malformed("a part of it cannot be decrypted");
    return bags;
  }

  Status read(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
    if (depth > kDeepestBag) return malformed("its bags stand too deep in each other");
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
      if (++count_ > kMostBags) return malformed("it holds too many bags");
      TRY(read_bag(sk_PKCS12_SAFEBAG_value(bags, i), depth));
    }
    return {};
  }

  Status read_bag(PKCS12_SAFEBAG* bag, int depth) {
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
      case NID_keyBag: return add_key(bag, PKCS12_SAFEBAG_get0_p8inf(bag));
      case NID_pkcs8ShroudedKeyBag: {
        const X509_SIG* const encrypted = PKCS12_SAFEBAG_get0_pkcs8(bag);
        const X509_ALGOR* algorithm = nullptr;
        X509_SIG_get0(encrypted, &algorithm, nullptr);
        OSSL_LIB_CTX* const library = TRY(library_for(algorithm));
        const crypto::Pkcs8Handle plain(PKCS8_decrypt_ex(encrypted, password_.text, password_.size, library, nullptr));
        if (!plain) return malformed("a key of it cannot be decrypted");
        return add_key(bag, plain.get());
      }
      case NID_certBag: {
        if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) return {};
        const crypto::X509Handle certificate(PKCS12_SAFEBAG_get1_cert(bag));
        if (!certificate) return malformed("a certificate of it cannot be read");
        out_.certificates.push_back({Certificate::from_handle(certificate.get()), friendly_name(bag)});
        return {};
      }
      case NID_safeContentsBag: return read(PKCS12_SAFEBAG_get0_safes(bag), depth + 1);
      default: return {};  // CRLs and secrets of other kinds
    }
  }

  Status add_key(PKCS12_SAFEBAG* bag, const PKCS8_PRIV_KEY_INFO* plain) {
    crypto::EvpKey key(EVP_PKCS82PKEY(plain));
    if (!key) return malformed("a key of it cannot be read");
    out_.keys.push_back({crypto::PrivateKey::from_handle(std::move(key)), friendly_name(bag)});
    return {};
  }

  Password password_;
  Pkcs12Bags& out_;
  std::size_t count_ = 0;
  std::uint64_t left_ = crypto::kMostIterations;
};

Status check_mac_cost(PKCS12* file) {
  const ASN1_INTEGER* iterations = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  PKCS12_get0_mac(nullptr, &algorithm, nullptr, &iterations, file);
  std::uint64_t count = 1;
  if (iterations != nullptr && ASN1_INTEGER_get_uint64(&count, iterations) != 1) count = 0;
  if (count < 1 || count > kMostMacIterations) {
    ERR_clear_error();
    return fail(Code::pkcs12_malformed, "the MAC asks for {} iterations; at most {} are made", count,
                kMostMacIterations);
  }
  const ASN1_OBJECT* digest = nullptr;
  X509_ALGOR_get0(&digest, nullptr, nullptr, algorithm);
  char oid[64] = {};
  OBJ_obj2txt(oid, sizeof oid, digest, 1);
  if (std::string_view(oid) == "1.2.840.113549.1.5.14") {  // RFC 9579
    return fail(Code::pkcs12_malformed, "its MAC is of a newer kind (PBMAC1), which cannot be checked here");
  }
  return {};
}

// Which form of the password the MAC fits.
Result<Password> check_mac(PKCS12* file, const std::string& password) {
  TRY(check_mac_cost(file));
  if (PKCS12_verify_mac(file, password.c_str(), -1) == 1) return Password{password.c_str(), -1};
  ERR_clear_error();
  if (!password.empty()) return fail(Code::passphrase_wrong, "the password does not open the PKCS#12 file");
  if (PKCS12_verify_mac(file, nullptr, 0) == 1) return Password{};
  ERR_clear_error();
  return fail(Code::passphrase_needed, "the PKCS#12 file has a password");
}

class WipedText {
 public:
  explicit WipedText(const Secret& secret) : text_(secret.reveal()) {}
  ~WipedText() { explicit_bzero(text_.data(), text_.size()); }
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  const std::string& text() const { return text_; }

 private:
  std::string text_;  // the library wants an end mark
};

}  // namespace

// PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, ... }: some programs write it in BER.
bool looks_like_pkcs12(ByteView octets) {
  if (octets.size() < 2 || octets[0] != 0x30) return false;
  const std::size_t length_octets = octets[1] > 0x80 ? octets[1] & 0x7fU : 0;
  constexpr std::uint8_t kVersion[] = {0x02, 0x01, 0x03, 0x30};
  if (length_octets > 8 || octets.size() < 2 + length_octets + sizeof kVersion) return false;
  return std::ranges::equal(octets.subspan(2 + length_octets, sizeof kVersion), kVersion);
}

Result<Pkcs12Bags> read_pkcs12_bags(ByteView der, const Secret& password) {
  const unsigned char* at = der.data();
  const crypto::Pkcs12Handle file(d2i_PKCS12(nullptr, &at, static_cast<long>(der.size())));
  if (!file || at != der.data() + der.size()) return malformed("not PKCS#12");
  const WipedText secret(password);
  Pkcs12Bags out;
  out.has_mac = PKCS12_mac_present(file.get()) == 1;
  Password form{secret.text().c_str(), -1};
  if (out.has_mac) form = TRY(check_mac(file.get(), secret.text()));
  const SafeStack safes(PKCS12_unpack_authsafes(file.get()));
  if (!safes) return malformed("its parts cannot be read");
  BagReader reader(form, out);
  for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
    auto read = reader.read(sk_PKCS7_value(safes.get(), i));
    if (read) continue;
    // Without a MAC nothing else tells a wrong password from damage.
    if (!out.has_mac && !out.schemes.empty()) {
      return fail(password.empty() ? Code::passphrase_needed : Code::passphrase_wrong, "{}", read.error().words);
    }
    return std::unexpected(std::move(read).error());
  }
  ERR_clear_error();
  return out;
}

}  // namespace symbolon::x509
