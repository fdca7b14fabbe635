// What we write, others import; what openssl wrote, we read.
#include "x509/pkcs12.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::x509 {
namespace {

using testing::Folder;
using testing::must;
using testing::run;

// A root, a leaf below it and the leaf's key, made by the openssl command line.
struct Material {
  Folder folder;
  std::optional<crypto::PrivateKey> key;
  std::vector<Certificate> chain;

  Material() {
    must("cd " + folder.path().string() +
         " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt "
         "-subj /CN=CA -days 3650"
         " && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr "
         "-subj /CN=alice"
         " && openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out leaf.crt");
    key = *crypto::PrivateKey::from_pem(Secret(folder.get("leaf.key")), Secret());
    chain = *Certificate::from_pem(folder.get("leaf.crt") + folder.get("ca.crt"));
  }
};

const Material& material() {
  static const Material material;
  return material;
}

constexpr std::string_view kPassword = "correct horse";

Result<Bytes> write(Pkcs12Strength strength) {
  return write_pkcs12(*material().key, material().chain, Secret(kPassword),
                      {.friendly_name = "alice", .strength = strength});
}

class Pkcs12 : public ::testing::TestWithParam<Pkcs12Strength> {
 protected:
  Pkcs12() {
    const auto file = write(GetParam());
    EXPECT_TRUE(file) << file.error().text();
    if (file) path_ = folder_.put("alice.p12", *file);
  }
  static bool installed(const std::string& program) { return run("command -v " + program).status == 0; }
  Folder folder_;
  std::string path_;
};

TEST_P(Pkcs12, IsReadByUs) {
  const auto content = read_pkcs12(as_bytes(folder_.get("alice.p12")), Secret(kPassword));
  ASSERT_TRUE(content) << content.error().text();
  EXPECT_EQ(content->certificates, material().chain);
  EXPECT_EQ(content->friendly_name, "alice");
  ASSERT_TRUE(content->key);
  EXPECT_TRUE(content->key->belongs_to(material().chain.front().public_key()));
}

TEST_P(Pkcs12, IsImportedByOpenssl) {
  const std::string text = must(fmt::format("openssl pkcs12 -info -in {} -passin 'pass:{}' -nodes", path_, kPassword));
  const bool modern = GetParam() == Pkcs12Strength::modern;
  EXPECT_NE(text.find(modern ? "MAC: sha256, Iteration 100000" : "MAC: sha1, Iteration 100000"), std::string::npos);
  EXPECT_NE(text.find(modern ? "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"
                             : "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 100000"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("friendlyName: alice"), std::string::npos);
}

TEST_P(Pkcs12, IsImportedByGnutls) {
  if (!installed("certtool")) GTEST_SKIP() << "certtool is not installed (gnutls-bin)";
  const std::string text =
      must(fmt::format("certtool --p12-info --inder --infile {} --password '{}'", path_, kPassword));
  EXPECT_NE(text.find("BEGIN CERTIFICATE"), std::string::npos) << text;
  EXPECT_NE(text.find("PRIVATE KEY"), std::string::npos) << text;
}

TEST_P(Pkcs12, IsImportedByNss) {
  if (!installed("pk12util")) GTEST_SKIP() << "pk12util is not installed (libnss3-tools)";
  const std::string store = folder_ / "nss";
  must(fmt::format("mkdir {0} && certutil -N -d sql:{0} --empty-password", store));
  must(fmt::format("pk12util -i {} -d sql:{} -W '{}'", path_, store, kPassword));
  EXPECT_NE(must(fmt::format("certutil -L -d sql:{}", store)).find("alice"), std::string::npos);
  EXPECT_NE(must(fmt::format("certutil -K -d sql:{}", store)).find("alice"), std::string::npos);
}

TEST_P(Pkcs12, IsImportedByJava) {
  if (!installed("keytool")) GTEST_SKIP() << "keytool is not installed (default-jdk-headless)";
  const std::string text =
      must(fmt::format("keytool -list -v -keystore {} -storetype PKCS12 -storepass '{}'", path_, kPassword));
  EXPECT_NE(text.find("Alias name: alice"), std::string::npos) << text;
  EXPECT_NE(text.find("PrivateKeyEntry"), std::string::npos) << text;
  EXPECT_NE(text.find("Certificate chain length: 2"), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(Write, Pkcs12, ::testing::Values(Pkcs12Strength::modern, Pkcs12Strength::legacy),
                         [](const auto& test) { return test.param == Pkcs12Strength::modern ? "modern" : "legacy"; });

TEST(WritePkcs12, RefusesAKeyThatIsNotTheLeafs) {
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::p256);
  ASSERT_TRUE(other);
  const auto file = write_pkcs12(*other, material().chain, Secret(kPassword), {});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::key_mismatch);
  EXPECT_EQ(write_pkcs12(*material().key, material().chain, Secret(), {}).error().code, Code::passphrase_needed);
}

TEST(ReadPkcs12, TakesWhatOpensslExports) {
  const Folder& folder = material().folder;
  must("cd " + folder.path().string() +
       " && openssl pkcs12 -export -in leaf.crt -inkey leaf.key -certfile ca.crt -name bob -passout pass:secret -out "
       "b.p12"
       " && openssl pkcs12 -export -in leaf.crt -inkey leaf.key -passout pass: -out empty.p12"
       " && openssl pkcs12 -export -in ca.crt -nokeys -passout pass:secret -out certs.p12");
  const auto content = read_pkcs12(as_bytes(folder.get("b.p12")), Secret("secret"));
  ASSERT_TRUE(content) << content.error().text();
  EXPECT_EQ(content->certificates, material().chain);
  EXPECT_EQ(content->friendly_name, "bob");
  EXPECT_TRUE(read_pkcs12(as_bytes(folder.get("empty.p12")), Secret()));
  const auto only_certificates = read_pkcs12(as_bytes(folder.get("certs.p12")), Secret("secret"));
  ASSERT_TRUE(only_certificates);
  EXPECT_FALSE(only_certificates->key);
  EXPECT_EQ(only_certificates->certificates.size(), 1U);
}

TEST(ReadPkcs12, TellsAWrongPasswordFromADamagedFile) {
  const auto file = write(Pkcs12Strength::modern);
  ASSERT_TRUE(file);
  EXPECT_EQ(read_pkcs12(*file, Secret("wrong")).error().code, Code::passphrase_wrong);
  EXPECT_EQ(read_pkcs12(*file, Secret()).error().code, Code::passphrase_needed);
  EXPECT_EQ(read_pkcs12(ByteView(*file).first(file->size() - 1), Secret(kPassword)).error().code,
            Code::pkcs12_malformed);
  EXPECT_EQ(read_pkcs12(as_bytes("nonsense"), Secret()).error().code, Code::pkcs12_malformed);
}

}  // namespace
}  // namespace symbolon::x509
