#include "crypto/p256_spki.h"

#include <openssl/ec.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>

namespace symbolon::crypto {
namespace {

// SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING (no unused bits) 04 ...
constexpr std::array<std::uint8_t, 27> kHeader = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                  0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                  0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
constexpr std::size_t kPoint = 65;  // octets, 0x04 included
constexpr std::size_t kSize = kHeader.size() - 1 + kPoint;

// A key whose parameters are copied; made once, then only read.
const EVP_PKEY* parameters() {
  static const EVP_PKEY* const kKey = EVP_EC_gen("P-256");
  return kKey;
}

}  // namespace

EvpKey p256_from_spki(ByteView der) {
  if (der.size() != kSize || !std::ranges::equal(der.first(kHeader.size()), kHeader)) return nullptr;
  EvpKey key(EVP_PKEY_new());
  const ByteView point = p256_point(der);
  if (!key || parameters() == nullptr || EVP_PKEY_copy_parameters(key.get(), parameters()) != 1 ||
      EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return key;
}

ByteView p256_point(ByteView der) { return der.last(kPoint); }

}  // namespace symbolon::crypto
