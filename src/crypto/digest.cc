#include "crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/error.h"

namespace symbolon::crypto {
namespace {

// Fetched once: a fetch in each call costs more than hashing a certificate.
const EVP_MD* fetched(const char* algorithm) {
  const EVP_MD* const digest = EVP_MD_fetch(nullptr, algorithm, nullptr);
  ENSURE(digest != nullptr);
  return digest;
}

}  // namespace

Sha256 sha256(ByteView data) {
  static const EVP_MD* const kDigest = fetched("SHA256");
  Sha256 out;
  ENSURE(EVP_Digest(data.data(), data.size(), out.data(), nullptr, kDigest, nullptr) == 1);
  return out;
}

Sha1 sha1_for_key_identifier(ByteView data) {
  static const EVP_MD* const kDigest = fetched("SHA1");
  Sha1 out;
  ENSURE(EVP_Digest(data.data(), data.size(), out.data(), nullptr, kDigest, nullptr) == 1);
  return out;
}

void fill_random(std::span<std::uint8_t> out) { ENSURE(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1); }

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  fill_random(out);
  return out;
}

std::string random_password(std::size_t count) {
  constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  constexpr unsigned kUnbiased = 256 / kAlphabet.size() * kAlphabet.size();
  std::string out;
  while (out.size() < count) {
    std::array<std::uint8_t, 64> pool;
    fill_random(pool);
    for (const std::uint8_t octet : pool) {
      if (octet < kUnbiased && out.size() < count) out += kAlphabet[octet % kAlphabet.size()];
    }
  }
  return out;
}

}  // namespace symbolon::crypto
