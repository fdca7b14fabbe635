// Which CA signs: the one in use, and none that is revoked, over, or not begun.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authority/authority.h"
#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using testing::code_of;
using ::testing::ElementsAre;
using testing::Home;
using testing::kNow;
using testing::kTester;
using testing::must;
using ::testing::SizeIs;

std::string issuer_of(const Result<api::IssueAnswer>& answer) {
  return answer ? answer->summary.issuer : answer.error().text();
}

std::vector<std::string> in_use(Home& home) {
  std::vector<std::string> out;
  const auto list = home.authority->issuers();
  for (const api::IssuerInfo& issuer : list->issuers) {
    if (issuer.in_use) out.push_back(issuer.name);
  }
  return out;
}

// A CA of the openssl command line, self-signed, from `begin` on. Valid at kNow only if it begins before.
api::ImportIssuerRequest foreign_ca(const Home& home, UnixSeconds begin) {
  const auto date = [](UnixSeconds at) {
    std::string text = to_rfc3339(at);
    std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
    return text;
  };
  home.folder.put("ca.cnf",
                  "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\n"
                  "policy=p\n[p]\ncommonName=supplied\n[x]\nbasicConstraints=critical,CA:TRUE\n"
                  "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n");
  must(fmt::format(
      "cd {} && : > index && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout o.key -out "
      "o.csr "
      "-subj '/CN=Other CA' && openssl ca -batch -notext -config ca.cnf -selfsign -keyfile o.key -in o.csr -out o.crt "
      "-extensions x -startdate {} -enddate {}",
      home.folder.path().string(), date(begin), date(begin + kDay * 7300)));
  return {.certificates = home.folder.get("o.crt"), .key = home.folder.get("o.key")};
}

TEST(Issuers, ANewOneIsInUseThoughItEndsSooner) {
  Home home;
  ASSERT_TRUE(home.new_issuer({.lifetime = kDay * 365}));
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing-2");
  EXPECT_THAT(in_use(home), ElementsAre("issuing-2"));
  home.open();
  EXPECT_EQ(issuer_of(home.issue("client", {"bob"})), "issuing-2");
  ASSERT_TRUE(home.authority->use_issuer("issuing", kTester));
  EXPECT_EQ(issuer_of(home.issue("client", {"carol"})), "issuing");
  EXPECT_EQ(code_of(home.authority->use_issuer("nobody", kTester)), Code::issuer_unknown);
  EXPECT_EQ(code_of(home.authority->use_issuer("root", kTester)), Code::issuer_unknown);
  EXPECT_TRUE(home.authority->verify_ledger({}, {}));
}

TEST(Issuers, ALifeOfNothingIsRefusedAndLeavesNothing) {
  Home home;
  EXPECT_EQ(code_of(home.new_issuer({.lifetime = Seconds{0}})), Code::lifetime_not_allowed);
  EXPECT_EQ(code_of(home.new_issuer({.lifetime = kLeastCaLifetime - Seconds{1}})), Code::lifetime_not_allowed);
  EXPECT_FALSE(std::filesystem::exists(home.authority->layout().key("issuing-2")));
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing");
  EXPECT_TRUE(home.new_issuer({.lifetime = kLeastCaLifetime}));
}

TEST(Issuers, AnImportedOneIsInUseOnlyWhenThatIsSaid) {
  Home home;
  const auto taken = home.authority->import_issuer(foreign_ca(home, kNow - kDay), kTester);
  ASSERT_TRUE(taken) << taken.error().text();
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing");  // although the other ends later
  ASSERT_TRUE(home.authority->use_issuer(taken->name, kTester));
  EXPECT_EQ(issuer_of(home.issue("client", {"bob"})), taken->name);

  Home other{InitOptions()};
  api::ImportIssuerRequest used = foreign_ca(other, kNow - kDay);
  used.use = true;
  ASSERT_TRUE(other.authority->import_issuer(used, kTester));
  EXPECT_EQ(issuer_of(other.issue("client", {"alice"})), "issuing-2");
}

TEST(Issuers, OneThatIsBroughtWhileAnotherWaitsKeepsItsKey) {
  Home home;
  const auto asked = home.authority->new_issuer({}, kTester);
  ASSERT_TRUE(asked) << asked.error().text();
  api::ImportIssuerRequest brought = foreign_ca(home, kNow - kDay);
  brought.use = true;
  const auto taken = home.authority->import_issuer(brought, kTester);
  ASSERT_TRUE(taken) << taken.error().text();
  EXPECT_EQ(asked->name, "issuing-2");
  EXPECT_EQ(taken->name, "issuing-3");
  ASSERT_TRUE(home.authority->sign_issuer(asked->serial, {home.root_signature(asked->to_be_signed)}, kTester));
  home.open();
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing-2");
  ASSERT_TRUE(home.authority->use_issuer("issuing-3", kTester));
  EXPECT_EQ(issuer_of(home.issue("client", {"bob"})), "issuing-3");
}

TEST(Issuers, AFileInTheKeysPlaceIsLeftAndTheSignatureMayComeAgain) {
  Home home;
  const auto asked = home.authority->new_issuer({}, kTester);
  ASSERT_TRUE(asked) << asked.error().text();
  const api::IssuerSignature signature{home.root_signature(asked->to_be_signed)};
  const std::string key = home.authority->layout().key("issuing-2").string();
  home.folder.put("state/issuing-2.key", "somebody's");
  EXPECT_EQ(code_of(home.authority->sign_issuer(asked->serial, signature, kTester)), Code::file_exists);
  EXPECT_EQ(home.folder.get("state/issuing-2.key"), "somebody's");
  std::filesystem::remove(key);
  const api::IssuerSignature wrong{home.root_signature(to_base64(as_bytes("something else")))};
  EXPECT_EQ(code_of(home.authority->sign_issuer(asked->serial, wrong, kTester)), Code::request_bad_signature);
  EXPECT_FALSE(std::filesystem::exists(key));
  ASSERT_TRUE(home.authority->sign_issuer(asked->serial, signature, kTester));
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing-2");
}

TEST(Issuers, OneThatIsRevokedWhileItWaitsIsNotMade) {
  Home home;
  const auto asked = home.authority->new_issuer({}, kTester);
  ASSERT_TRUE(asked) << asked.error().text();
  ASSERT_TRUE(home.authority->revoke({.what = asked->serial, .reason = {}}, kTester));
  const api::IssuerSignature signature{home.root_signature(asked->to_be_signed)};
  EXPECT_EQ(code_of(home.authority->sign_issuer(asked->serial, signature, kTester)), Code::ca_revoked);
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing");
  EXPECT_FALSE(std::filesystem::exists(home.authority->layout().key("issuing-2")));
}

TEST(Issuers, OneThatHasNotBegunSignsNothing) {
  Home home;
  api::ImportIssuerRequest future = foreign_ca(home, kNow + kDay);
  future.use = true;
  EXPECT_EQ(code_of(home.authority->import_issuer(future, kTester)), Code::ca_not_yet_valid);
  future.use = false;
  ASSERT_TRUE(home.authority->import_issuer(future, kTester));
  EXPECT_EQ(code_of(home.authority->use_issuer("issuing-2", kTester)), Code::ca_not_yet_valid);
  EXPECT_EQ(code_of(home.issue("client", {"alice"}, home.request(), {.issuer = "issuing-2"})), Code::ca_not_yet_valid);
  home.clock.set(kNow + kDay);
  EXPECT_TRUE(home.authority->use_issuer("issuing-2", kTester));
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing-2");
}

TEST(Issuers, ARevokedOneSignsNothingMore) {
  Home home;
  ASSERT_TRUE(home.new_issuer());
  const auto revoke = [&](const std::string& subject) {
    const auto found = home.authority->list({.query = "profile:ca subject:\"" + subject + "\"", .after = {}});
    ASSERT_THAT(found->certificates, SizeIs(1)) << subject;
    ASSERT_TRUE(home.authority->revoke(
        {.what = found->certificates[0].serial, .reason = api::RevocationReason::ca_compromise}, {"ops"}));
  };
  revoke("Issuing CA 2");
  EXPECT_EQ(code_of(home.issue("client", {"alice"})), Code::ca_revoked);
  EXPECT_EQ(code_of(home.issue("client", {"alice"}, home.request(), {.issuer = "issuing-2"})), Code::ca_revoked);
  EXPECT_EQ(code_of(home.authority->use_issuer("issuing-2", kTester)), Code::ca_revoked);
  EXPECT_EQ(home.authority->status()->warnings.at(0).code, Code::ca_revoked);
  home.open();
  EXPECT_EQ(code_of(home.issue("client", {"alice"})), Code::ca_revoked);
  ASSERT_TRUE(home.authority->use_issuer("issuing", kTester));
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing");
  EXPECT_EQ(home.authority->status()->warnings.at(0).code, Code::ca_revoked) << "its key is still here";
}

TEST(Issuers, AStateFromBeforeOneCouldBeChosenGoesOnAsItWas) {
  Home home;
  ASSERT_TRUE(home.new_issuer({.lifetime = kDay * 365}));
  home.authority.reset();
  must(
      "/usr/bin/python3 -c \"import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
      "c.execute('UPDATE issuers SET in_use = 0'); c.commit()\" " +
      home.folder / "state/ledger.db");
  home.open();
  EXPECT_THAT(in_use(home), ElementsAre("issuing")) << "it ends last";
  EXPECT_EQ(issuer_of(home.issue("client", {"alice"})), "issuing");
  EXPECT_TRUE(home.authority->verify_ledger({}, {}));
}

}  // namespace
}  // namespace symbolon::authority
