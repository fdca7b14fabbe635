// PKCS#12 files (RFC 7292): a key, its certificate and the chain behind one password.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::x509 {

enum class Pkcs12Strength : std::uint8_t {
  modern,  // PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, MAC with HMAC-SHA-256 (RFC 7292, RFC 8018)
  legacy,  // PBE-SHA1-3DES for key and certificates, MAC with HMAC-SHA-1: for importers of before about 2020
};

inline constexpr int kPkcs12Iterations = 100'000;  // of both key derivations; modern importers take 100 ms at most

struct Pkcs12Options {
  std::string friendly_name;
  Pkcs12Strength strength = Pkcs12Strength::modern;
  int iterations = kPkcs12Iterations;
};

struct Pkcs12Content {
  std::optional<crypto::PrivateKey> key;
  std::vector<Certificate> certificates;  // that of the key first
  std::string friendly_name;
};

// `chain` is leaf first. Fails with key_mismatch when the leaf's key is another.
Result<Bytes> write_pkcs12(const crypto::PrivateKey& key, const std::vector<Certificate>& chain, const Secret& password,
                           const Pkcs12Options& options);

// Fails with pkcs12_malformed, passphrase_wrong, passphrase_needed.
Result<Pkcs12Content> read_pkcs12(ByteView der, const Secret& password);

}  // namespace symbolon::x509
