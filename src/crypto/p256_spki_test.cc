#include "crypto/p256_spki.h"

#include <gtest/gtest.h>

#include "crypto/key.h"

namespace symbolon::crypto {
namespace {

Bytes spki_of(KeyType type) { return to_bytes(PrivateKey::generate(type)->public_key().spki()); }

TEST(P256Spki, GivesTheKeyThatTheLibrarysDecoderGives) {
  for (int i = 0; i < 20; ++i) {
    const Bytes der = spki_of(KeyType::p256);
    const EvpKey fast = p256_from_spki(der);
    ASSERT_TRUE(fast);
    const unsigned char* at = der.data();
    const EvpKey slow(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
    EXPECT_EQ(EVP_PKEY_eq(fast.get(), slow.get()), 1);
    const auto key = PublicKey::from_spki(der);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->type(), KeyType::p256);
    EXPECT_EQ(key->description(), "P-256");
    EXPECT_TRUE(key->check_strength());
    EXPECT_EQ(to_hex(key->spki()), to_hex(der));
    EVP_PKEY_up_ref(slow.get());
    const PublicKey same = PublicKey::from_handle(EvpKey(slow.get()));
    EXPECT_EQ(key->key_identifier(), same.key_identifier());
    EXPECT_EQ(key->spki_sha256(), same.spki_sha256());
  }
}

TEST(P256Spki, VerifiesSignatures) {
  const auto signer = make_signer(*PrivateKey::generate(KeyType::p256));
  const auto key = PublicKey::from_spki((*signer)->public_key().spki());
  const Bytes signature = *(*signer)->sign(as_bytes("message"));
  EXPECT_TRUE(verify_signature(*key, (*signer)->algorithm_identifier(), as_bytes("message"), signature));
  EXPECT_FALSE(verify_signature(*key, (*signer)->algorithm_identifier(), as_bytes("Message"), signature));
}

TEST(P256Spki, LeavesEverythingElseToTheLibrary) {
  for (const KeyType type : {KeyType::p384, KeyType::ed25519, KeyType::rsa2048}) {
    EXPECT_FALSE(p256_from_spki(spki_of(type)));
    EXPECT_TRUE(PublicKey::from_spki(spki_of(type)));
  }
}

TEST(P256Spki, RefusesAPointThatIsNotOnTheCurve) {
  Bytes der = spki_of(KeyType::p256);
  der.back() ^= 1U;
  EXPECT_FALSE(p256_from_spki(der));
  EXPECT_FALSE(PublicKey::from_spki(der));
  std::fill(der.end() - 64, der.end(), std::uint8_t{0xff});  // coordinates beyond the field
  EXPECT_FALSE(PublicKey::from_spki(der));
  std::fill(der.end() - 64, der.end(), std::uint8_t{0});
  EXPECT_FALSE(PublicKey::from_spki(der));
  EXPECT_FALSE(p256_from_spki({}));
}

}  // namespace
}  // namespace symbolon::crypto
