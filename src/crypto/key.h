// Private and public keys, and the signer that a CA key hides behind.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/handles.h"

namespace symbolon::crypto {

// What we make and what profiles may allow.
enum class KeyType : std::uint8_t { p256, p384, ed25519, rsa2048, rsa3072, rsa4096 };

std::string_view name(KeyType type);  // "p256", ..., as the configuration and --key-type write it
std::optional<KeyType> key_type_from_name(std::string_view name);
std::span<const KeyType> all_key_types();

// Immutable and shared; copies are cheap. Thread-safe.
class PublicKey {
 public:
  // SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). Fails with request_malformed.
  static Result<PublicKey> from_spki(ByteView der);
  static PublicKey from_handle(EvpKey key);
  // The key of a decoded certificate or request, borrowed for the call: as it stands there, nothing is encoded again
  // (which costs OpenSSL 3.0 hundreds of microseconds). Nothing when it cannot be read.
  static std::optional<PublicKey> from_info(X509_PUBKEY* info);
  // Stands for a key of a foreign certificate that the library cannot read: never strong, never equal to another.
  static PublicKey unreadable();

  ByteView spki() const;              // DER
  const Sha256& spki_sha256() const;  // the pin of RFC 7469, and our key hash
  // SHA-1 over the subjectPublicKey bits: RFC 5280 §4.2.1.2 (1).
  const Sha1& key_identifier() const;
  // None for keys that are neither of ours (RSA of other sizes, P-521, Ed448, DSA, ...).
  std::optional<KeyType> type() const;
  std::string description() const;  // "RSA 1024", "P-256"
  int security_bits() const;
  // key_weak for RSA below 2048 or above 4096 bits or with an exponent that is even or below 65537, curves under 256
  // bits, DSA, explicit parameters.
  Status check_strength() const;
  EVP_PKEY* get() const;  // borrowed; null for unreadable()

 private:
  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// Move-only. Its PEM form leaves as a Secret.
class PrivateKey {
 public:
  static Result<PrivateKey> generate(KeyType type);
  // PEM: PKCS#8 plain or encrypted (RFC 5958), or the traditional forms. Fails with passphrase_needed, passphrase_wrong
  // or key_unreadable.
  static Result<PrivateKey> from_pem(const Secret& pem, const Secret& passphrase);
  static PrivateKey from_handle(EvpKey key);

  Result<Secret> to_pem() const;  // PKCS#8, plain
  // PKCS#8 with PBES2 (scrypt, AES-256-CBC).
  Result<Secret> to_encrypted_pem(const Secret& passphrase) const;
  PublicKey public_key() const;
  bool belongs_to(const PublicKey& key) const;
  EVP_PKEY* get() const { return key_.get(); }

 private:
  explicit PrivateKey(EvpKey key) : key_(std::move(key)) {}
  EvpKey key_;
};

// Is this PEM text an encrypted private key?
bool is_encrypted_key(std::string_view pem);

// Something that signs for a CA. Thread-safe. (A process or a token can stand behind it.)
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  // DER AlgorithmIdentifier that goes into the signed object.
  virtual ByteView algorithm_identifier() const = 0;
  // The signature over `message`, as it stands in the BIT STRING.
  virtual Result<Bytes> sign(ByteView message) const = 0;
};

// A key in this process: ECDSA with SHA-256 (P-256) or SHA-384 (P-384), Ed25519, RSA PKCS#1 v1.5 with SHA-256.
Result<std::unique_ptr<Signer>> make_signer(PrivateKey key);

// For a key that is elsewhere: knows its algorithm, and its sign() fails with crypto_failed. Fails as make_signer.
Result<std::unique_ptr<Signer>> make_absent_signer(PublicKey key);

// Does `signature` fit? False for anything that does not verify.
bool verify_signature(const PublicKey& key, ByteView algorithm_identifier, ByteView message, ByteView signature);

}  // namespace symbolon::crypto
