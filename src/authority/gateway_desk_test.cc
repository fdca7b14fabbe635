#include "authority/gateway_desk.h"

#include <gtest/gtest.h>

#include "authority/revocation_feed.h"
#include "authority/testing.h"

namespace symbolon::authority {
namespace {

using namespace testing;

class GatewayDeskTest : public ::testing::Test {
 protected:
  Result<api::IssueAnswer> ask(std::string profile, std::vector<std::string> names,
                               std::optional<std::string> common_name = {}) {
    return desk_.issue({.profile = std::move(profile),
                        .csr = csr_,
                        .names = std::move(names),
                        .common_name = std::move(common_name),
                        .lifetime = {},
                        .issuer = {}},
                       kGateway, {});
  }

  const Requester kGateway{.text = "unix: uid 0", .roles = kGatewayRoles, .person = "unix: uid 0"};
  Home home_;
  std::string csr_ = home_.request("-subj / -addext subjectAltName=DNS:evil.example");
  GatewayDesk desk_{*home_.authority, {{"server", {"web.example", "127.0.0.1"}}, {"client", {"gateway-1"}}}};
};

TEST_F(GatewayDeskTest, GivesCertificatesForTheNamesOfTheRoutes) {
  for (const auto& names : {std::vector<std::string>{"web.example"}, {"127.0.0.1", "web.example"}}) {
    const auto answer = ask("server", names);
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->summary.names.size(), names.size()) << "the request's own names are not taken";
    EXPECT_TRUE(desk_.show(answer->summary.fingerprint));
  }
}

TEST_F(GatewayDeskTest, RefusesOtherNamesAndProfiles) {
  EXPECT_EQ(code_of(ask("server", {"other.example"})), Code::forbidden);
  EXPECT_EQ(code_of(ask("server", {"web.example", "other.example"})), Code::forbidden);
  EXPECT_EQ(code_of(ask("server", {})), Code::forbidden);
  EXPECT_EQ(code_of(ask("server", {"web.example"}, "other")), Code::forbidden);
  EXPECT_EQ(code_of(ask("server", {"gateway-1"})), Code::forbidden) << "another route's name, in its own profile only";
  for (const std::string profile : {"admin", "client", "gateway", "person"}) {
    EXPECT_EQ(code_of(ask(profile, {"web.example"})), Code::forbidden) << profile;
  }
}

TEST_F(GatewayDeskTest, RefusesANameInTheSubjectOfTheRequest) {
  for (const std::string subject : {"/CN=billing", "/CN=gateway-1", "/O=Example Corp"}) {
    csr_ = home_.request("-subj '" + subject + "'");
    EXPECT_EQ(code_of(ask("client", {"gateway-1"})), Code::forbidden) << subject;
  }
  csr_ = "no request";
  EXPECT_EQ(code_of(ask("client", {"gateway-1"})), Code::request_malformed);
  csr_ = home_.request();
  const auto answer = ask("client", {"gateway-1"});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_NE(answer->summary.subject.find("CN=gateway-1"), std::string::npos) << answer->summary.subject;
}

TEST_F(GatewayDeskTest, WhatTheRoutesHaveNowCounts) {
  Result<std::vector<GatewayWish>> now = std::vector<GatewayWish>{{"server", {"web.example"}}};
  GatewayDesk desk(*home_.authority, *now, [&] { return now; });
  const auto ask_for = [&](std::string name) {
    return code_of(desk.issue(
        {.profile = "server", .csr = csr_, .names = {std::move(name)}, .common_name = {}, .lifetime = {}, .issuer = {}},
        kGateway, {}));
  };
  EXPECT_EQ(ask_for("new.example"), Code::forbidden);
  now = std::vector<GatewayWish>{{"server", {"new.example"}}};
  EXPECT_EQ(ask_for("new.example"), Code::usage) << "its route has come";
  EXPECT_EQ(ask_for("web.example"), Code::forbidden) << "its route was taken away";
  now = fail(Code::config_unknown_key, "half written");
  EXPECT_EQ(ask_for("new.example"), Code::usage) << "what was read last stays";
  EXPECT_EQ(ask_for("web.example"), Code::forbidden);
}

TEST_F(GatewayDeskTest, ShowsWhatItGaveAndNothingElse) {
  const auto own = ask("client", {"gateway-1"});
  ASSERT_TRUE(own) << own.error().text();
  EXPECT_TRUE(desk_.show(own->summary.fingerprint));
  const auto others = home_.issue("client", {"gateway-1"});
  ASSERT_TRUE(others) << others.error().text();
  for (const std::string& what : {others->summary.fingerprint, others->summary.serial, own->summary.serial,
                                  std::string("gateway-1"), std::string("nobody")}) {
    EXPECT_EQ(code_of(desk_.show(what)), Code::forbidden) << what;
  }
  EXPECT_EQ(code_of(desk_.show(std::string(64, 'a'))), Code::not_found);
}

TEST_F(GatewayDeskTest, LeavesTheRecordOfRefusalsToItsServerWhichBoundsIt) {
  const std::string before = home_.authority->verify_ledger({}, {})->head;
  EXPECT_EQ(code_of(ask("server", {"other.example"})), Code::forbidden);
  EXPECT_EQ(home_.authority->verify_ledger({}, {})->head, before);
}

TEST_F(GatewayDeskTest, RefusesEverythingElse) {
  EXPECT_EQ(code_of(desk_.revoke({.what = "admin"}, kGateway)), Code::forbidden);
  EXPECT_EQ(code_of(desk_.release({.what = "admin"}, kGateway)), Code::forbidden);
  EXPECT_EQ(code_of(desk_.list({})), Code::forbidden);
  EXPECT_EQ(code_of(desk_.new_issuer({}, kGateway)), Code::forbidden);
  EXPECT_EQ(code_of(desk_.import_issuer({}, kGateway)), Code::forbidden);
  EXPECT_EQ(code_of(desk_.use_issuer("issuing", kGateway)), Code::forbidden);
  EXPECT_EQ(code_of(desk_.approve("1", kGateway)), Code::forbidden);
  EXPECT_EQ(code_of(desk_.verify_ledger({}, {})), Code::forbidden);
  EXPECT_EQ(code_of(desk_.backup_ledger({.path = "/tmp/x"}, {})), Code::forbidden);
}

TEST_F(GatewayDeskTest, GivesTheFeed) {
  EXPECT_EQ(desk_.feed(), home_.authority->feed());
  EXPECT_TRUE(desk_.feed_page({.gateway = "web-1"}));
}

TEST_F(GatewayDeskTest, GivesTheKeysThatGatewaysShare) {
  const api::TicketKeysRequest request{{std::string(64, 'a')}};
  const auto here = desk_.ticket_keys(request);
  const auto elsewhere = home_.authority->ticket_keys(request);
  ASSERT_TRUE(here && elsewhere);
  EXPECT_EQ(here->domains.at(0).keys.at(0).key.reveal(), elsewhere->domains.at(0).keys.at(0).key.reveal());
}

}  // namespace
}  // namespace symbolon::authority
