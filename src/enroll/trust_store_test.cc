// Against the real update-ca-certificates, curl, certutil and keytool; the machine's own stores are not touched.
#include "enroll/trust_store.h"

#include <gtest/gtest.h>

#include "x509/testing/shell.h"

namespace symbolon::enroll {
namespace {

using x509::testing::Folder;
using x509::testing::must;
using x509::testing::run;

// A root, a foreign root and a server's certificate, all by the openssl command line.
struct Pki {
  Folder folder;
  x509::Certificate root = make("root", "/O=Example Corp/CN=Example Root \xE2\x84\x96 1");
  x509::Certificate other = make("other", "/CN=Other Root");

  x509::Certificate make(const std::string& file, const std::string& subject) const {
    must("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -utf8 -days 30 -keyout " +
         folder / (file + ".key") + " -out " + folder / (file + ".crt") + " -subj '" + subject + "'");
    return load(file);
  }
  x509::Certificate load(const std::string& file) const {
    return x509::Certificate::from_pem(folder.get(file + ".crt")).value().at(0);
  }
  void make_server() const {
    must("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=server -CA " +
         folder / "root.crt" + " -CAkey " + folder / "root.key" + " -keyout " + folder / "server.key" + " -out " +
         folder / "server.crt" + " -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE");
  }
};

const Pki& pki() {
  static const Pki pki;
  return pki;
}

// What holds for every kind of store.
void keeps_its_promises(TrustStore& store) {
  EXPECT_TRUE(store.list().value().empty());
  EXPECT_EQ(store.remove(pki().root).value(), TrustChange::already_so);
  EXPECT_EQ(store.install(pki().root).value(), TrustChange::done);
  EXPECT_EQ(store.install(pki().root).value(), TrustChange::already_so);
  EXPECT_EQ(store.install(pki().other).value(), TrustChange::done);
  const auto both = store.list();
  ASSERT_TRUE(both) << both.error().text();
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ(store.remove(pki().root).value(), TrustChange::done);
  const auto rest = store.list().value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_TRUE(rest[0].certificate == pki().other);
  EXPECT_EQ(rest[0].name, trust_name(pki().other));
}

TEST(TrustName, IsSafeInEveryStoreAndTellsRootsApart) {
  const std::string name = trust_name(pki().root);
  EXPECT_TRUE(name.starts_with("symbolon-example-root-1-")) << name;
  EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos);
  EXPECT_NE(name, trust_name(pki().other));
}

TEST(TrustStore, RefusesWhatIsNoCa) {
  const Folder folder;
  pki().make_server();
  const auto store = nss_trust_store(folder.path() / "nss");
  const auto refused = store->install(pki().load("server"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::trust_unusable);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "nss"));
}

class SystemStore : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"local", "etc", "hooks", "shipped"}) std::filesystem::create_directory(folder_ / name);
    folder_.put("conf", "# none\n");
  }
  // Debian's own program, on folders of ours.
  SystemLayout layout() const {
    SystemLayout layout{"debian", folder_ / "local", "update-ca-certificates"};
    layout.arguments = {"--localcertsdir", folder_ / "local", "--etccertsdir",     folder_ / "etc", "--hooksdir",
                        folder_ / "hooks", "--certsdir",      folder_ / "shipped", "--certsconf",   folder_ / "conf"};
    layout.removal_arguments = layout.arguments;
    layout.removal_arguments.emplace_back("--fresh");
    return layout;
  }
  // curl against a server of the root, trusting the folder that update-ca-certificates made.
  int curl_status() const {
    const std::string script =
        "coproc S { exec openssl s_server -accept 127.0.0.1:0 -www -cert " + pki().folder / "server.crt" + " -key " +
        pki().folder / "server.key" +
        " 2>&1; }; while read -r line <&${S[0]}; do [[ $line == ACCEPT* ]] && break; done; port=${line##*:}; "
        "curl -sS --noproxy '*' -o /dev/null --max-time 20 --resolve localhost:$port:127.0.0.1 --cacert " +
        folder_ / "etc/ca-certificates.crt" + " https://localhost:$port/; status=$?; kill $S_PID; exit $status";
    return run("exec bash -c \"$(cat <<'END'\n" + script + "\nEND\n)\"").status;
  }
  Folder folder_;
};

TEST_F(SystemStore, KeepsItsPromises) { keeps_its_promises(*system_trust_store(layout())); }

TEST_F(SystemStore, MakesCurlTrustTheRootAndForgetItAgain) {
  pki().make_server();
  const auto store = system_trust_store(layout());
  ASSERT_TRUE(store->install(pki().other));
  EXPECT_EQ(curl_status(), 60);  // "peer certificate cannot be authenticated"
  ASSERT_TRUE(store->install(pki().root));
  EXPECT_EQ(curl_status(), 0);
  ASSERT_TRUE(store->remove(pki().root));
  EXPECT_EQ(curl_status(), 60);
}

TEST_F(SystemStore, LeavesForeignFilesAlone) {
  folder_.put("local/theirs.crt", pki().root.pem());
  const auto store = system_trust_store(layout());
  EXPECT_EQ(store->remove(pki().root).value(), TrustChange::already_so);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "local/theirs.crt"));
}

TEST_F(SystemStore, InstallsNothingWhenTheBundleCannotBeMade) {
  SystemLayout broken = layout();
  broken.program = "false";
  const auto refused = system_trust_store(broken)->install(pki().root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::tool_failed);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "local"));
}

TEST(NssStore, KeepsItsPromises) {
  const Folder folder;
  keeps_its_promises(*nss_trust_store(folder.path() / "deep/nss"));
}

TEST(NssStore, TrustsTheRootForServersOnly) {
  const Folder folder;
  ASSERT_TRUE(nss_trust_store(folder.path())->install(pki().root));
  const std::string listing = must("certutil -L -d sql:" + folder.path().string());
  EXPECT_NE(listing.find("C,,"), std::string::npos) << listing;
}

TEST(NssStore, TellsRootsOfOneSubjectApart) {
  const Folder folder;
  const x509::Certificate again =
      pki().make("again", "/CN=Other Root");  // a rotated key: NSS gives it the old nickname
  const auto store = nss_trust_store(folder.path());
  ASSERT_TRUE(store->install(pki().other));
  ASSERT_TRUE(store->install(again));
  EXPECT_EQ(store->list().value().size(), 2U);
  EXPECT_EQ(store->remove(again).value(), TrustChange::done);
  const auto rest = store->list().value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_TRUE(rest[0].certificate == pki().other);
  ASSERT_TRUE(store->install(again));
  EXPECT_EQ(store->remove(pki().other).value(), TrustChange::done);
  EXPECT_TRUE(store->list().value().at(0).certificate == again);
}

TEST(JavaStore, KeepsItsPromises) {
  const Folder folder;
  keeps_its_promises(*java_trust_store(folder.path() / "trust.p12", Secret("changeit")));
}

TEST(JavaStore, ForeignEntriesStayAndAWrongPasswordIsNamed) {
  const Folder folder;
  const std::string store = folder / "trust.jks";
  must("keytool -importcert -noprompt -alias theirs -storepass secret1 -keystore " + store + " -file " +
       pki().folder / "root.crt");
  const auto opened = java_trust_store(store, Secret("secret1"));
  EXPECT_EQ(opened->remove(pki().root).value(), TrustChange::already_so);
  EXPECT_NE(must("keytool -list -storepass secret1 -keystore " + store).find("theirs"), std::string::npos);
  const auto refused = java_trust_store(store, Secret("wrong-password"))->list();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::passphrase_wrong);
}

TEST(TrustInstructions, NameEveryPlatformAndTheFingerprint) {
  const std::string text = trust_instructions(pki().root, "root.crt");
  for (const char* word : {"update-ca-certificates", "update-ca-trust", "security add-trusted-cert", "-addstore",
                           "certutil -d sql:", "keytool", "--cacert root.crt", "Firefox", "Android", "iOS"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word;
  }
  EXPECT_NE(text.find(to_colon_hex(pki().root.fingerprint().octets)), std::string::npos);
  EXPECT_NE(text.find(trust_name(pki().root)), std::string::npos);
}

}  // namespace
}  // namespace symbolon::enroll
