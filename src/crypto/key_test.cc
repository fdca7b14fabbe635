#include "crypto/key.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "crypto/signature_check.h"

namespace symbolon::crypto {
namespace {

// What the openssl command line prints.
std::string openssl(const std::string& arguments) {
  const std::string command = "openssl " + arguments + " 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string out;
  std::array<char, 4096> buffer;
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) out.append(buffer.data(), n);
  return out;
}

TEST(Keys, OfEveryTypeAreMadeWrittenReadAndSign) {
  for (const KeyType type : {KeyType::p256, KeyType::p384, KeyType::ed25519, KeyType::rsa2048}) {
    auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key) << name(type);
    EXPECT_EQ(key->public_key().type(), type);
    EXPECT_TRUE(key->public_key().check_strength());
    const auto pem = key->to_pem();
    auto again = PrivateKey::from_pem(*pem, Secret());
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->belongs_to(key->public_key()));
    EXPECT_EQ(key_type_from_name(name(type)), type);

    const PublicKey public_key = key->public_key();
    const auto signer = make_signer(std::move(*key));
    ASSERT_TRUE(signer);
    auto signature = (*signer)->sign(as_bytes("message"));
    ASSERT_TRUE(signature);
    EXPECT_TRUE(verify_signature(public_key, (*signer)->algorithm_identifier(), as_bytes("message"), *signature));
    EXPECT_FALSE(verify_signature(public_key, (*signer)->algorithm_identifier(), as_bytes("messagf"), *signature));
    signature->back() ^= 1;
    EXPECT_FALSE(verify_signature(public_key, (*signer)->algorithm_identifier(), as_bytes("message"), *signature));
    EXPECT_FALSE(verify_signature(public_key, {}, as_bytes("message"), *signature));
    EXPECT_FALSE(SignatureCheck::begin(public_key, {}));
    signature->back() ^= 1;
    for (const std::string_view second : {"sage", "sagf", "sag"}) {
      auto pieces = SignatureCheck::begin(public_key, (*signer)->algorithm_identifier());
      ASSERT_TRUE(pieces);
      for (const std::string_view piece : {std::string_view("mes"), second}) pieces->add(as_bytes(piece));
      EXPECT_EQ(pieces->fits(*signature), second == "sage") << name(type);
    }
  }
}

TEST(Keys, UnderAPassphraseOpenOnlyWithIt) {
  const auto key = PrivateKey::generate(KeyType::p256);
  const auto pem = key->to_encrypted_pem(Secret("correct horse"));
  ASSERT_TRUE(pem);
  EXPECT_TRUE(is_encrypted_key(pem->reveal()));
  EXPECT_EQ(PrivateKey::from_pem(*pem, Secret()).error().code, Code::passphrase_needed);
  EXPECT_EQ(PrivateKey::from_pem(*pem, Secret("wrong")).error().code, Code::passphrase_wrong);
  const auto again = PrivateKey::from_pem(*pem, Secret("correct horse"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->belongs_to(key->public_key()));
  EXPECT_EQ(key->to_encrypted_pem(Secret()).error().code, Code::passphrase_needed);
}

TEST(Keys, ThatAreNoneAreRefused) {
  EXPECT_EQ(PrivateKey::from_pem(Secret("hello"), Secret()).error().code, Code::key_unreadable);
  EXPECT_EQ(PrivateKey::from_pem(Secret(), Secret()).error().code, Code::key_unreadable);
  EXPECT_EQ(PublicKey::from_spki(as_bytes("hello")).error().code, Code::request_malformed);
}

TEST(Keys, OfTheCommandLineAreReadInEveryForm) {
  for (const std::string_view command : {"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
                                         "ecparam -name prime256v1 -genkey -noout", "genrsa -traditional 2048"}) {
    EXPECT_TRUE(PrivateKey::from_pem(Secret(openssl(std::string(command))), Secret())) << command;
  }
  const Secret encrypted(openssl("genpkey -algorithm ED25519 -aes256 -pass pass:word"));
  EXPECT_EQ(PrivateKey::from_pem(encrypted, Secret()).error().code, Code::passphrase_needed);
  EXPECT_TRUE(PrivateKey::from_pem(encrypted, Secret("word")));
}

TEST(WeakKeys, AreTold) {
  const char* const weak[] = {"genrsa 1024", "genrsa -3 2048", "ecparam -name secp224r1 -genkey -noout",
                              "ecparam -name prime256v1 -param_enc explicit -genkey -noout"};
  for (const std::string command : weak) {
    const auto key = PrivateKey::from_pem(Secret(openssl(command)), Secret());
    ASSERT_TRUE(key) << command;
    EXPECT_EQ(key->public_key().check_strength().error().code, Code::key_weak) << command;
  }
}

TEST(UnreadableKeys, AreNeverStrongNorAnybodys) {
  const PublicKey none = PublicKey::unreadable();
  EXPECT_EQ(none.check_strength().error().code, Code::key_weak);
  EXPECT_FALSE(PrivateKey::generate(KeyType::p256)->belongs_to(none));
  EXPECT_FALSE(verify_signature(none, {}, {}, {}));
}

TEST(Passwords, AreAsLongAsAskedAndDiffer) {
  EXPECT_EQ(random_password(20).size(), 20U);
  EXPECT_NE(random_password(20), random_password(20));
}

}  // namespace
}  // namespace symbolon::crypto
