// A whole authority from nothing, judged by the openssl command line; or nothing at all.
#include "authority/init.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "authority/authority.h"
#include "x509/request.h"
#include "x509/testing/shell.h"

namespace symbolon::authority {
namespace {

using x509::testing::Folder;
using x509::testing::must;
using x509::testing::run;

constexpr UnixSeconds kNow{1'800'000'000};  // 2027-01-15T08:00:00Z

InitOptions options_for(const Folder& folder) {
  InitOptions out{.organization = "Example Corp", .state = folder.path() / "state"};
  out.root_passphrase = Secret("correct horse battery staple");
  return out;
}

// At that time, with every check that the library has.
std::string verify_with_openssl(const std::string& arguments) {
  return must(fmt::format("openssl verify -x509_strict -attime {} {}", kNow.count, arguments));
}

unsigned mode_of(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

TEST(Init, MakesAChainThatOpensslAccepts) {
  const Folder folder;
  const FixedClock clock(kNow);
  const auto made = init(options_for(folder), clock);
  ASSERT_TRUE(made) << made.error().text();
  const std::string state = folder / "state/";
  verify_with_openssl(fmt::format("-CAfile {0}root.crt {0}root.crt", state));
  verify_with_openssl(fmt::format("-CAfile {0}root.crt {0}issuing.crt", state));
  verify_with_openssl(
      fmt::format("-purpose sslclient -CAfile {0}root.crt -untrusted {0}issuing.crt {0}admin.crt", state));
  EXPECT_NE(run(fmt::format("openssl verify -purpose sslserver -attime {1} -CAfile {0}root.crt -untrusted "
                            "{0}issuing.crt {0}admin.crt",
                            state, kNow.count))
                .status,
            0);
  const std::string text = must(fmt::format("openssl x509 -in {}issuing.crt -noout -text", state));
  EXPECT_NE(text.find("CA:TRUE, pathlen:0"), std::string::npos) << text;
  EXPECT_NE(text.find("Certificate Sign, CRL Sign"), std::string::npos) << text;
  EXPECT_EQ(made->root->subject().text(), "CN=Example Corp Root CA,O=Example Corp");
  EXPECT_EQ(made->admin.profile(), "admin");
}

TEST(Init, KeepsKeysPrivateAndTheRootsKeyEncrypted) {
  const Folder folder;
  const FixedClock clock(kNow);
  ASSERT_TRUE(init(options_for(folder), clock));
  const std::string state = folder / "state";
  EXPECT_EQ(mode_of(state), 0700U);
  for (const char* const key : {"/root.key", "/issuing.key", "/admin.key"}) EXPECT_EQ(mode_of(state + key), 0600U);
  EXPECT_TRUE(crypto::is_encrypted_key(folder.get("state/root.key")));
  must("openssl pkey -noout -passin 'pass:correct horse battery staple' -in " + state + "/root.key");
  EXPECT_NE(run("openssl pkey -noout -passin pass:wrong -in " + state + "/root.key").status, 0);
}

TEST(Init, RefusesAnEmptyPassphrase) {
  const Folder folder;
  const FixedClock clock(kNow);
  InitOptions options = options_for(folder);
  options.root_passphrase = Secret();
  const auto made = init(options, clock);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::passphrase_needed);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Init, TouchesNothingThatIsThere) {
  const Folder folder;
  const FixedClock clock(kNow);
  InitOptions options = options_for(folder);
  ASSERT_TRUE(init(options, clock));
  const std::string before = folder.get("state/root.crt");
  const auto again = init(options, clock);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::already_exists);
  EXPECT_EQ(folder.get("state/root.crt"), before);

  InitOptions other = options_for(folder);
  other.state = folder.path() / "other";
  other.config = folder.put("symbolon.yaml", "state: /elsewhere\n");
  const auto refused = init(other, clock);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::file_exists);
  EXPECT_EQ(folder.get("symbolon.yaml"), "state: /elsewhere\n");
  EXPECT_FALSE(std::filesystem::exists(other.state));
}

TEST(Init, ClearsAwayWhatAnInterruptedOneLeft) {
  const Folder folder;
  const FixedClock clock(kNow);
  std::filesystem::create_directory(folder.path() / ".state.init");
  folder.put(".state.init/root.key", "half a key");
  folder.put(".state.init/ledger.db", "half a ledger");
  InitOptions options = options_for(folder);
  options.config = folder.path() / "state" / "symbolon.yaml";
  const auto made = init(options, clock);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_FALSE(std::filesystem::exists(folder.path() / ".state.init"));
  EXPECT_NE(folder.get("state/symbolon.yaml").find("state: \".\""), std::string::npos);
}

class EveryKeyType : public ::testing::TestWithParam<crypto::KeyType> {};

TEST_P(EveryKeyType, MakesAHierarchyThatIssues) {
  const Folder folder;
  const FixedClock clock(kNow);
  InitOptions options = options_for(folder);
  options.key_type = GetParam();
  const auto made = init(options, clock);
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->root->public_key().type(), GetParam());
  const std::string state = folder / "state/";
  verify_with_openssl(fmt::format("-CAfile {0}root.crt -untrusted {0}issuing.crt {0}admin.crt", state));
}

INSTANTIATE_TEST_SUITE_P(Init, EveryKeyType,
                         ::testing::Values(crypto::KeyType::p384, crypto::KeyType::ed25519, crypto::KeyType::rsa2048),
                         [](const auto& test) { return std::string(crypto::name(test.param)); });

// -- CAs that somebody brings, made by the openssl command line -------------------------------------------------------

// A root and an issuing CA below it, in `folder`; the bare kind that tutorials make.
void make_foreign_cas(const Folder& folder) {
  const std::string at = folder.path().string();
  must(
      "cd " + at +
      " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout old-root.key -out old-root.crt "
      "-subj '/O=Old Corp/CN=Old Root' -days 7300"
      " && openssl req -newkey rsa:2048 -nodes -keyout old-ca.key -out old-ca.csr -subj '/O=Old Corp/CN=Old CA'"
      " && printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign,cRLSign\\n' > ext"
      " && openssl x509 -req -in old-ca.csr -CA old-root.crt -CAkey old-root.key -CAcreateserial -days 3650 "
      "-extfile ext -out old-ca.crt"
      " && cat old-ca.crt old-root.crt > old-chain.crt"
      " && openssl pkcs12 -export -in old-chain.crt -inkey old-ca.key -passout pass:secret -out old-ca.p12"
      " && openssl pkey -in old-root.key -aes256 -passout pass:secret -out old-root-locked.key");
}

ImportedCa import_files(const Folder& folder, std::string_view certificate, std::string_view key,
                        std::string_view passphrase) {
  ImportedCa out{.certificate = folder.get(certificate), .where = folder / certificate};
  if (!key.empty()) out.key = Secret(folder.get(key));
  out.passphrase = Secret(passphrase);
  return out;
}

TEST(Init, TakesOverARootWithAnEncryptedKey) {
  const Folder folder;
  make_foreign_cas(folder);
  InitOptions options = options_for(folder);
  options.root = import_files(folder, "old-root.crt", "old-root-locked.key", "secret");
  const auto made = init(options, system_clock());
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->root->subject().text(), "CN=Old Root,O=Old Corp");
  const std::string state = folder / "state/";
  must(fmt::format("openssl verify -CAfile {0}root.crt -untrusted {0}issuing.crt {0}admin.crt", state));
  must("openssl pkey -noout -passin 'pass:correct horse battery staple' -in " + state + "root.key");
}

TEST(Init, TakesOverAnIssuingCaFromPkcs12) {
  const Folder folder;
  make_foreign_cas(folder);
  InitOptions options = options_for(folder);
  options.issuing = import_files(folder, "old-ca.p12", "", "secret");
  const auto made = init(options, system_clock());
  ASSERT_TRUE(made) << made.error().text();
  ASSERT_TRUE(made->root);
  EXPECT_EQ(made->root->subject().text(), "CN=Old Root,O=Old Corp");
  EXPECT_EQ(made->issuing.subject().text(), "CN=Old CA,O=Old Corp");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "state/root.key"));
  const std::string state = folder / "state/";
  must(fmt::format("openssl verify -CAfile {0}root.crt -untrusted {0}issuing.crt {0}admin.crt", state));
}

TEST(Init, RefusesWhatIsNoUsableCa) {
  const Folder folder;
  make_foreign_cas(folder);
  must("cd " + folder.path().string() +
       " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.crt -subj "
       "/CN=leaf -addext basicConstraints=critical,CA:FALSE"
       " && openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.crt -subj /CN=weak");
  const auto code_of = [&](ImportedCa import, UnixSeconds now) {
    const auto opened = open_imported(import, now);
    return opened ? Code::internal : opened.error().code;
  };
  const UnixSeconds now = system_clock().now();
  EXPECT_EQ(code_of(import_files(folder, "old-ca.crt", "old-root.key", ""), now), Code::key_mismatch);
  EXPECT_EQ(code_of(import_files(folder, "old-root.crt", "old-root-locked.key", ""), now), Code::passphrase_needed);
  EXPECT_EQ(code_of(import_files(folder, "old-root.crt", "old-root-locked.key", "no"), now), Code::passphrase_wrong);
  EXPECT_EQ(code_of(import_files(folder, "old-ca.p12", "", "no"), now), Code::passphrase_wrong);
  EXPECT_EQ(code_of(import_files(folder, "old-ca.crt", "old-ca.key", ""), now + kDay * 3651), Code::ca_expired);
  EXPECT_EQ(code_of(import_files(folder, "leaf.crt", "leaf.key", ""), now), Code::bad_request);
  EXPECT_EQ(code_of(import_files(folder, "weak.crt", "weak.key", ""), now), Code::key_weak);
}

}  // namespace
}  // namespace symbolon::authority
