// crypto/key_file.h against keys that the openssl command line wrote: in DER, and encrypted by what is new and what is
// old.
#include "crypto/key_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "x509/testing/shell.h"

namespace symbolon::crypto {
namespace {

using x509::testing::Folder;
using x509::testing::must;

class KeyFile : public ::testing::Test {
 protected:
  void openssl(const std::string& command) const { must("cd " + folder_.path().string() + " && openssl " + command); }
  Bytes octets(std::string_view name) const { return to_bytes(as_bytes(folder_.get(name))); }
  PublicKey public_key() const {
    return PrivateKey::from_pem(Secret(folder_.get("k.pem")), Secret()).value().public_key();
  }
  Folder folder_;
};

TEST_F(KeyFile, IsReadFromDerOfEveryForm) {
  for (const std::string make : {"EC -pkeyopt ec_paramgen_curve:P-256", "RSA -pkeyopt rsa_keygen_bits:2048"}) {
    openssl("genpkey -algorithm " + make + " -out k.pem");
    openssl("pkcs8 -topk8 -nocrypt -in k.pem -outform DER -out new.der");
    openssl("pkey -traditional -in k.pem -outform DER -out old.der");
    for (const std::string_view file : {"new.der", "old.der"}) {
      const auto key = key_from_der(octets(file));
      ASSERT_TRUE(key) << make << file << key.error().text();
      EXPECT_TRUE(same_key(key->public_key(), public_key()));
    }
  }
  Bytes longer = octets("new.der");
  longer.push_back(0);
  EXPECT_EQ(key_from_der(longer).error().code, Code::key_unreadable);
  EXPECT_EQ(key_from_der(ByteView(longer).first(40)).error().code, Code::key_unreadable);
}

TEST_F(KeyFile, OpensWhatIsEncrypted) {
  openssl("genpkey -algorithm ED25519 -out k.pem");
  struct Case {
    std::string options;
    bool legacy;
  };
  for (const Case& one : {Case{"-v2 aes-256-cbc", false}, Case{"-scrypt", false}, Case{"-v1 PBE-SHA1-3DES", false},
                          Case{"-v1 PBE-MD5-DES -provider legacy -provider default", true}}) {
    openssl("pkcs8 -topk8 -in k.pem -passout pass:secret -outform DER -out e.der " + one.options);
    const auto opened = open_encrypted_key(octets("e.der"), Secret("secret"));
    ASSERT_TRUE(opened) << one.options << opened.error().text();
    EXPECT_TRUE(same_key(opened->key.public_key(), public_key()));
    EXPECT_EQ(opened->legacy, one.legacy) << opened->scheme;
    EXPECT_EQ(open_encrypted_key(octets("e.der"), Secret("wrong")).error().code, Code::passphrase_wrong);
    EXPECT_EQ(open_encrypted_key(octets("e.der"), Secret()).error().code, Code::passphrase_needed);
  }
}

TEST_F(KeyFile, OfACostlyDerivationIsRefusedAtOnce) {
  openssl("genpkey -algorithm ED25519 -out k.pem");
  openssl("pkcs8 -topk8 -in k.pem -passout pass:secret -outform DER -iter 70000 -out e.der");
  Bytes der = octets("e.der");
  // 70000 is 0x011170, an INTEGER of three octets: now it is 0x7f1170, above eight million.
  const Bytes count = {0x02, 0x03, 0x01, 0x11, 0x70};
  const auto at = std::search(der.begin(), der.end(), count.begin(), count.end());
  ASSERT_NE(at, der.end());
  at[2] = 0x7f;
  const auto opened = open_encrypted_key(der, Secret("secret"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::key_unreadable) << opened.error().words;
}

}  // namespace
}  // namespace symbolon::crypto
