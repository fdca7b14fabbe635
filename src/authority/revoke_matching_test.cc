#include "authority/testing.h"
#include "ledger/query.h"

namespace symbolon::authority {
namespace {

using testing::Home;
using testing::kNow;

constexpr std::int64_t kMany = 1203;  // some waves, and no whole number of them

class RevokeMatching : public ::testing::Test {
 protected:
  Home home;

  std::int64_t revoked() { return home.authority->status()->revoked; }
  Result<api::RevokeMatchingAnswer> revoke(api::RevokeMatchingRequest request) {
    return home.authority->revoke_matching(request, {"ops"},
                                           [this](const api::Progress& progress) { told.push_back(progress.done); });
  }
  std::vector<std::int64_t> told;
};

TEST_F(RevokeMatching, HoweverManyThereAre) {
  const std::string csr = home.request();
  std::vector<std::thread> threads;
  for (std::int64_t part = 0; part < 3; ++part) {
    threads.emplace_back([&, part] {
      for (std::int64_t i = part; i < kMany; i += 3) {
        ASSERT_TRUE(home.issue("client", {fmt::format("c{}", i)}, csr));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(home.issue("server", {"web.example"}));
  const auto generation = home.authority->revocations()->generation();
  const auto answer = revoke({.query = "profile:client", .reason = api::RevocationReason::superseded});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->matched, kMany);
  EXPECT_EQ(answer->certificates.size(), api::RevokeMatchingAnswer::kMostShown);
  EXPECT_EQ(answer->certificates.back().revocation->by, "ops");
  EXPECT_EQ(revoked(), kMany);
  EXPECT_GT(home.authority->revocations()->generation(), generation);
  EXPECT_EQ(told, (std::vector<std::int64_t>{500, 1000, kMany}));
  EXPECT_EQ(home.authority->list({.query = "state:valid", .after = {}})->certificates.size(), 3U)
      << "web, the admin, the CA";
  EXPECT_EQ(revoke({.query = "profile:client"})->matched, 0) << "they are revoked already";
}

TEST_F(RevokeMatching, NoCaGoesUnlessItIsNamed) {
  ASSERT_TRUE(home.issue("client", {"alice"}));
  EXPECT_EQ(revoke({.query = "state:valid"})->matched, 2) << "the admin, too";
  EXPECT_EQ(home.authority->list({.query = "state:valid", .after = {}})->certificates.size(), 1U);
  EXPECT_TRUE(home.issue("client", {"bob"}));
}

TEST_F(RevokeMatching, WhatHasEndedIsLeftAlone) {
  ASSERT_TRUE(home.issue("client", {"alice"}));
  home.clock.set(kNow + kDay * 365 * 3);
  EXPECT_EQ(revoke({.query = "alice"})->matched, 0);
  EXPECT_EQ(revoked(), 0);
}

TEST_F(RevokeMatching, NothingAtAllWhereMoreMatchThanWereExpected) {
  ASSERT_TRUE(home.issue("client", {"alice"}));
  ASSERT_TRUE(home.issue("client", {"bob"}));
  EXPECT_EQ(revoke({.query = "profile:client", .at_most = 1}).error().code, Code::ambiguous);
  EXPECT_EQ(revoke({.query = "profile:client", .dry_run = true})->matched, 2);
  EXPECT_EQ(revoked(), 0);
  for (const char* nothing : {" ", "sort:newest", "state:nowhere"}) {
    EXPECT_EQ(revoke({.query = nothing}).error().code, Code::query_malformed) << nothing;
  }
  EXPECT_EQ(revoke({.query = "profile:client", .at_most = 2})->matched, 2);
  EXPECT_EQ(revoked(), 2);
}

}  // namespace
}  // namespace symbolon::authority
