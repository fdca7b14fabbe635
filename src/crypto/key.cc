#include "crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "crypto/openssl_error.h"
#include "crypto/p256_spki.h"

namespace symbolon::crypto {
namespace {

struct KeyTypeRow {
  KeyType type;
  std::string_view name;
  const char* algorithm;
  const char* group;  // of EC keys
  int bits;           // of RSA keys
};
constexpr KeyTypeRow kKeyTypes[] = {
    {KeyType::p256, "p256", "EC", "P-256", 0},       {KeyType::p384, "p384", "EC", "P-384", 0},
    {KeyType::ed25519, "ed25519", "ED25519", "", 0}, {KeyType::rsa2048, "rsa2048", "RSA", "", 2048},
    {KeyType::rsa3072, "rsa3072", "RSA", "", 3072},  {KeyType::rsa4096, "rsa4096", "RSA", "", 4096},
};

std::string group_name(const EVP_PKEY* key) {
  char group[64] = {};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1) return {};
  return {group, length};
}

// RFC 5480 §2.1.1: implicitCurve and specifiedCurve MUST NOT be used.
bool has_explicit_parameters(const EVP_PKEY* key) {
  int is_explicit = 0;
  return EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1 &&
         is_explicit == 1;
}

bool is_p256(std::string_view group) { return group == "prime256v1" || group == "P-256"; }
bool is_p384(std::string_view group) { return group == "secp384r1" || group == "P-384"; }

std::optional<KeyType> type_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return KeyType::ed25519;
    case EVP_PKEY_EC: {
      const std::string group = group_name(key);
      if (is_p256(group)) return KeyType::p256;
      if (is_p384(group)) return KeyType::p384;
      return std::nullopt;
    }
    case EVP_PKEY_RSA:
      for (const KeyTypeRow& row : kKeyTypes) {
        if (row.bits != 0 && row.bits == EVP_PKEY_get_bits(key)) return row.type;
      }
      return std::nullopt;
    default: return std::nullopt;
  }
}

// The content of the subjectPublicKey BIT STRING inside a DER SubjectPublicKeyInfo.
ByteView subject_public_key(EVP_PKEY* key, X509_PUBKEY** holder) {
  if (X509_PUBKEY_set(holder, key) != 1) return {};
  const unsigned char* bits = nullptr;
  int size = 0;
  if (X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, *holder) != 1) return {};
  return {bits, static_cast<std::size_t>(size)};
}

Status check_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < 2048) return fail(Code::key_weak, "RSA {} bits; at least 2048 are needed", bits);
  if (bits > 4096) return fail(Code::key_weak, "RSA {} bits; at most 4096 are taken", bits);
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw) != 1) return fail(Code::key_weak, "RSA without exponent");
  const Handle<BIGNUM, BN_free> exponent(raw);
  if (BN_is_odd(exponent.get()) == 0 || BN_num_bits(exponent.get()) < 17) {
    return fail(Code::key_weak, "RSA with an exponent that is even or below 65537");
  }
  return {};
}

struct PassphraseAnswer {
  const Secret* passphrase;
  bool asked = false;
};

int answer_passphrase(char* buffer, int size, int, void* context) {
  auto* const answer = static_cast<PassphraseAnswer*>(context);
  answer->asked = true;
  const std::string_view text = answer->passphrase->reveal();
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

bool holds_key(std::string_view pem) { return pem.find("PRIVATE KEY-----") != std::string_view::npos; }

Secret take_secret(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return Secret(std::string_view(data, static_cast<std::size_t>(size)));
}

BioHandle secret_bio() { return BioHandle(BIO_new(BIO_s_secmem())); }

}  // namespace

std::string_view name(KeyType type) {
  for (const KeyTypeRow& row : kKeyTypes) {
    if (row.type == type) return row.name;
  }
  return "unknown";
}

std::optional<KeyType> key_type_from_name(std::string_view name) {
  for (const KeyTypeRow& row : kKeyTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

std::span<const KeyType> all_key_types() {
  static constexpr KeyType kAll[] = {KeyType::p256,    KeyType::p384,    KeyType::ed25519,
                                     KeyType::rsa2048, KeyType::rsa3072, KeyType::rsa4096};
  return kAll;
}

struct PublicKey::Impl {
  EvpKey key;
  Bytes spki;
  Sha256 spki_sha256{};
  Sha1 key_identifier{};
};

PublicKey PublicKey::from_handle(EvpKey key) {
  auto impl = std::make_shared<Impl>();
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  ENSURE(size > 0);
  impl->spki.assign(der, der + size);
  OPENSSL_free(der);
  impl->spki_sha256 = sha256(impl->spki);
  X509_PUBKEY* raw = nullptr;
  impl->key_identifier = sha1_for_key_identifier(subject_public_key(key.get(), &raw));
  X509_PUBKEY_free(raw);
  impl->key = std::move(key);
  return PublicKey(std::move(impl));
}

std::optional<PublicKey> PublicKey::from_info(X509_PUBKEY* info) {
  EvpKey key(X509_PUBKEY_get(info));
  unsigned char* der = nullptr;
  const int size = key ? i2d_X509_PUBKEY(info, &der) : 0;
  const unsigned char* bits = nullptr;
  int bits_size = 0;
  if (size <= 0 || X509_PUBKEY_get0_param(nullptr, &bits, &bits_size, nullptr, info) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  auto impl = std::make_shared<Impl>();
  impl->spki.assign(der, der + size);
  OPENSSL_free(der);
  impl->spki_sha256 = sha256(impl->spki);
  impl->key_identifier = sha1_for_key_identifier(ByteView(bits, static_cast<std::size_t>(bits_size)));
  impl->key = std::move(key);
  return PublicKey(std::move(impl));
}

PublicKey PublicKey::unreadable() { return PublicKey(std::make_shared<Impl>()); }

Result<PublicKey> PublicKey::from_spki(ByteView der) {
  if (EvpKey key = p256_from_spki(der)) {
    auto impl = std::make_shared<Impl>();
    impl->key = std::move(key);
    impl->spki = to_bytes(der);
    impl->spki_sha256 = sha256(der);
    impl->key_identifier = sha1_for_key_identifier(p256_point(der));
    return PublicKey(std::move(impl));
  }
  const unsigned char* at = der.data();
  const Handle<X509_PUBKEY, X509_PUBKEY_free> info(d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  auto key = info && at == der.data() + der.size() ? from_info(info.get()) : std::nullopt;
  if (!key) return openssl_failure(Code::request_malformed, "the public key cannot be read");
  return std::move(*key);
}

ByteView PublicKey::spki() const { return impl_->spki; }
const Sha256& PublicKey::spki_sha256() const { return impl_->spki_sha256; }
const Sha1& PublicKey::key_identifier() const { return impl_->key_identifier; }
std::optional<KeyType> PublicKey::type() const { return impl_->key ? type_of(impl_->key.get()) : std::nullopt; }
int PublicKey::security_bits() const { return impl_->key ? EVP_PKEY_get_security_bits(impl_->key.get()) : 0; }
EVP_PKEY* PublicKey::get() const { return impl_->key.get(); }

std::string PublicKey::description() const {
  const EVP_PKEY* const key = impl_->key.get();
  if (key == nullptr) return "unreadable key";
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return "Ed25519";
    case EVP_PKEY_RSA: return fmt::format("RSA {}", EVP_PKEY_get_bits(key));
    case EVP_PKEY_EC: {
      const std::string group = group_name(key);
      if (is_p256(group)) return "P-256";
      if (is_p384(group)) return "P-384";
      return group.empty() ? "EC with explicit parameters" : "EC " + group;
    }
    default: {
      const char* const type = EVP_PKEY_get0_type_name(key);
      return fmt::format("{} {}", type != nullptr ? type : "unknown", EVP_PKEY_get_bits(key));
    }
  }
}

Status PublicKey::check_strength() const {
  const EVP_PKEY* const key = impl_->key.get();
  if (key == nullptr) return fail(Code::key_weak, "the key cannot be read");
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448: return {};
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: return check_rsa(key);
    case EVP_PKEY_EC:
      if (group_name(key).empty() || has_explicit_parameters(key))
        return fail(Code::key_weak, "an EC key with explicit parameters");
      if (EVP_PKEY_get_security_bits(key) < 128) return fail(Code::key_weak, "{}", description());
      return {};
    default: return fail(Code::key_weak, "{}", description());
  }
}

PrivateKey PrivateKey::from_handle(EvpKey key) { return PrivateKey(std::move(key)); }

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  const auto* const row = std::ranges::find(kKeyTypes, type, &KeyTypeRow::type);
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, row->algorithm, nullptr));
  EVP_PKEY* raw = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      (*row->group != '\0' && EVP_PKEY_CTX_set_group_name(context.get(), row->group) != 1) ||
      (row->bits != 0 && EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), row->bits) != 1) ||
      EVP_PKEY_generate(context.get(), &raw) != 1) {
    return openssl_failure(Code::crypto_failed, "a key cannot be made");
  }
  return PrivateKey(EvpKey(raw));
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem, const Secret& passphrase) {
  const BioHandle bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.size())));
  PassphraseAnswer answer{&passphrase};
  EvpKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, answer_passphrase, &answer));
  if (key) return PrivateKey(std::move(key));
  const std::string reasons = drain_openssl_errors();
  if (!holds_key(pem.reveal())) return fail(Code::key_unreadable, "it holds no private key in PEM");
  if (answer.asked && passphrase.empty()) return fail(Code::passphrase_needed, "the key is encrypted");
  if (answer.asked) return fail(Code::passphrase_wrong, "the passphrase does not open the key");
  return fail(Code::key_unreadable, "the private key cannot be read: {}", reasons);
}

Result<Secret> PrivateKey::to_pem() const {
  const BioHandle bio = secret_bio();
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_failure(Code::crypto_failed, "the key cannot be written");
  }
  return take_secret(bio.get());
}

Result<Secret> PrivateKey::to_encrypted_pem(const Secret& passphrase) const {
  if (passphrase.empty()) return fail(Code::passphrase_needed, "an empty passphrase protects nothing");
  // 16 MiB and five rounds of it: the most that openssl's own limit of 32 MiB lets other programs open.
  constexpr std::uint64_t kN = 16384;
  constexpr std::uint64_t kR = 8;
  constexpr std::uint64_t kP = 5;
  Handle<X509_ALGOR, X509_ALGOR_free> algorithm(
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, kN, kR, kP));
  const Pkcs8Handle plain(EVP_PKEY2PKCS8(key_.get()));
  if (!algorithm || !plain) return openssl_failure(Code::crypto_failed, "the key cannot be encrypted");
  X509_SIG* const raw =
      PKCS8_set0_pbe(passphrase.reveal().data(), static_cast<int>(passphrase.size()), plain.get(), algorithm.get());
  if (raw == nullptr) return openssl_failure(Code::crypto_failed, "the key cannot be encrypted");
  static_cast<void>(algorithm.release());  // belongs to `raw` now
  const Handle<X509_SIG, X509_SIG_free> encrypted(raw);
  const BioHandle bio = secret_bio();
  if (PEM_write_bio_PKCS8(bio.get(), encrypted.get()) != 1) {
    return openssl_failure(Code::crypto_failed, "the key cannot be written");
  }
  return take_secret(bio.get());
}

PublicKey PrivateKey::public_key() const {
  // Through DER, so that the public object holds no private part.
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  ENSURE(size > 0);
  const unsigned char* at = der;
  EvpKey key(d2i_PUBKEY(nullptr, &at, size));
  OPENSSL_free(der);
  ENSURE(key != nullptr);
  return PublicKey::from_handle(std::move(key));
}

bool PrivateKey::belongs_to(const PublicKey& key) const {
  const bool equal = key.get() != nullptr && EVP_PKEY_eq(key_.get(), key.get()) == 1;
  if (!equal) ERR_clear_error();
  return equal;
}

bool is_encrypted_key(std::string_view pem) {
  return pem.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != std::string_view::npos ||
         pem.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
}

}  // namespace symbolon::crypto
