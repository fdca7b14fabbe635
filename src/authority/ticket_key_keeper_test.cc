// Which revocations end the keys of tickets, over a real ledger.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using testing::code_of;
using testing::Home;
using testing::kTester;

class KeeperTest : public ::testing::Test {
 protected:
  // As the feed says it to somebody who does not count: nobody waits for him.
  std::string generation() {
    return home.authority->feed_page({.gateway = "web-1", .repeated = true})->ticket_keys.value_or("none");
  }
  std::string key() {
    const auto answer = home.authority->ticket_keys({{domain}});
    EXPECT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->generation, generation());
    return std::string(answer->domains.at(0).keys.at(0).key.reveal());
  }
  // Both are new.
  bool ends(const std::function<void()>& what) {
    const std::string of_before = generation();
    const std::string key_before = key();
    what();
    const bool out = generation() != of_before;
    EXPECT_EQ(key() != key_before, out);
    return out;
  }
  void revoke(const std::string& what, api::RevocationReason reason = api::RevocationReason::superseded) {
    const auto revoked = home.authority->revoke({.what = what, .reason = reason}, kTester);
    EXPECT_TRUE(revoked) << revoked.error().text();
  }
  std::string issue(std::string_view profile, const std::string& name) {
    const auto issued = home.issue(profile, {name});
    EXPECT_TRUE(issued) << issued.error().text();
    return issued->summary.serial;
  }

  Home home;
  const std::string domain = api::ticket_domain_name(crypto::sha256(as_bytes("trust")));
};

TEST_F(KeeperTest, AGatewayThatIsRevokedOrOnHoldEndsAllKeys) {
  const std::string first = issue("gateway", "edge-1.example");
  const std::string second = issue("gateway", "edge-2.example");
  EXPECT_TRUE(ends([&] { revoke(first); }));
  EXPECT_FALSE(ends([&] { revoke(first); })) << "it was revoked already";
  EXPECT_TRUE(ends([&] { revoke(second, api::RevocationReason::certificate_hold); }));
  EXPECT_FALSE(ends([&] { EXPECT_TRUE(home.authority->release({second}, kTester)); }));
  EXPECT_TRUE(ends([&] { revoke(second, api::RevocationReason::key_compromise); }));
}

TEST_F(KeeperTest, OthersEndNone) {
  const std::string client = issue("client", "alice");
  const std::string server = issue("server", "web.example");
  EXPECT_FALSE(ends([&] { revoke(client); }));
  EXPECT_FALSE(ends([&] { revoke(server); }));
  EXPECT_FALSE(ends([&] {
    EXPECT_TRUE(home.authority->revoke({.what = "00badcafe0", .unknown = true, .issuer = "issuing"}, kTester));
  }));
}

TEST_F(KeeperTest, WhoeverIsAGatewayByRightsIsOne) {
  AuthorityOptions options;
  options.rights.gateway = {policy::Rule::parse("cn:edge").value()};
  home.open_with(std::move(options));
  const std::string edge = issue("client", "edge");
  const std::string other = issue("client", "alice");
  EXPECT_FALSE(ends([&] { revoke(other); }));
  EXPECT_TRUE(ends([&] { revoke(edge); }));
}

TEST_F(KeeperTest, OneAmongManyIsFound) {
  for (int i = 0; i < 5; ++i) issue("client", fmt::format("client-{}", i));
  issue("gateway", "edge.example");
  EXPECT_FALSE(ends([&] { EXPECT_TRUE(home.authority->revoke_matching({.query = "profile:client"}, kTester, {})); }));
  EXPECT_TRUE(ends([&] { EXPECT_TRUE(home.authority->revoke_matching({.query = "state:valid"}, kTester, {})); }));
}

TEST_F(KeeperTest, ACaEndsThemWithAllThatItIssued) {
  ASSERT_TRUE(home.new_issuer());
  EXPECT_TRUE(ends([&] { revoke(home.authority->issuers()->issuers.at(1).serial); }));
}

TEST_F(KeeperTest, TheProcessEndsThem) {
  const std::string before = generation();
  const std::string key_before = key();
  home.open();
  EXPECT_NE(generation(), before);
  EXPECT_NE(key(), key_before);
}

TEST_F(KeeperTest, WhereNobodySharesNothingIsReplaced) {
  const std::string gateway = issue("gateway", "edge-1.example");
  const std::string before = generation();
  revoke(gateway);
  EXPECT_EQ(generation(), before);
  EXPECT_EQ(code_of(home.authority->ticket_keys({{}})), Code::bad_request);
}

}  // namespace
}  // namespace symbolon::authority
