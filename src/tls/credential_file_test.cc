// What programs export becomes a credential: its chain in order, whatever the file's.
#include "tls/credential_file.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::tls {
namespace {

using x509::testing::Folder;
using x509::testing::must;

struct Made {
  Folder folder;
  Made() {
    must("cd " + folder.path().string() +
         " && umask 077"
         " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj "
         "/CN=CA"
         " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout mid.key -out mid.csr -subj /CN=Mid"
         " && printf basicConstraints=CA:TRUE > ext"
         " && openssl x509 -req -in mid.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile ext -out mid.crt"
         " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout me.key -out me.csr -subj /CN=me"
         " && openssl x509 -req -in me.csr -CA mid.crt -CAkey mid.key -CAcreateserial -out me.crt"
         " && cat ca.crt mid.crt > above.pem"
         " && openssl pkcs12 -export -in me.crt -inkey me.key -certfile above.pem -passout pass:secret -out me.p12"
         " && openssl pkcs8 -topk8 -in me.key -passout pass:secret -out locked.key && chmod 600 *.p12 *.key");
  }
  Path operator/(std::string_view name) const { return folder.path() / name; }
};

const Made& made() {
  static const Made made;
  return made;
}

std::vector<std::string> names_of(const Credential& credential) {
  std::vector<std::string> out;
  for (const x509::Certificate& one : credential.chain()) out.push_back(*one.subject().common_name());
  return out;
}

TEST(CredentialFile, OfPkcs12HasItsChainInOrder) {
  const auto credential = load_credential({.certificate = made() / "me.p12", .passphrase = Secret("secret")});
  ASSERT_TRUE(credential) << credential.error().text();
  EXPECT_EQ(names_of(**credential), (std::vector<std::string>{"me", "Mid"}));
  EXPECT_TRUE((*credential)->left_out());
}

TEST(CredentialFile, OfPemMayHaveAnEncryptedKey) {
  const auto plain = load_credential({.certificate = made() / "me.crt", .key = made() / "me.key"});
  ASSERT_TRUE(plain) << plain.error().text();
  const auto locked =
      load_credential({.certificate = made() / "me.crt", .key = made() / "locked.key", .passphrase = Secret("secret")});
  EXPECT_TRUE(locked);
}

TEST(CredentialFile, ThatDoesNotOpenSaysWhy) {
  const auto code = [](const CredentialFiles& files) { return load_credential(files).error().code; };
  EXPECT_EQ(code({.certificate = made() / "me.p12"}), Code::passphrase_needed);
  EXPECT_EQ(code({.certificate = made() / "me.p12", .passphrase = Secret("wrong")}), Code::passphrase_wrong);
  EXPECT_EQ(code({.certificate = made() / "me.crt", .key = made() / "locked.key"}), Code::passphrase_needed);
  EXPECT_EQ(code({.certificate = made() / "me.crt", .key = made() / "ca.key"}), Code::key_mismatch);
  EXPECT_EQ(code({.certificate = made() / "none.p12"}), Code::file_missing);
}

TEST(CredentialFile, WithoutAKeySaysSoWhateverItsMode) {
  const auto error = [](const CredentialFiles& files) { return load_credential(files).error(); };
  must("cd " + made().folder.path().string() +
       " && cp me.crt open.crt && cp me.key open.key && : > empty && chmod 644 open.crt open.key empty me.csr");
  EXPECT_EQ(error({.certificate = made() / "open.crt"}).code, Code::key_unreadable);
  EXPECT_EQ(error({.certificate = made() / "me.crt"}).words, error({.certificate = made() / "open.crt"}).words);
  EXPECT_EQ(error({.certificate = made() / "me.crt", .key = made() / "empty"}).code, Code::key_unreadable);
  EXPECT_EQ(error({.certificate = made() / "me.crt", .key = made() / "open.key"}).code, Code::key_file_exposed);
  EXPECT_EQ(error({.certificate = made() / "empty"}).code, Code::file_empty);
  EXPECT_EQ(error({.certificate = made() / "me.csr"}).code, Code::file_unrecognized);
}

}  // namespace
}  // namespace symbolon::tls
