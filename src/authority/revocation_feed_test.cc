// What is revoked reaches the gateways, and they say so.
#include "authority/feed_fixture.h"

namespace symbolon::authority {
namespace {

TEST_F(FeedTest, WhoFollowsKnowsWhatWasRevokedBeforeAndWhatIsRevokedNowWhenRevokeAnswers) {
  const std::string before = issued("alice");
  const std::string now = issued("bob");
  EXPECT_FALSE(revoke(before).enforcement) << "nobody follows yet";
  const Serving serving(home_);
  const auto follower = follow(serving);
  EXPECT_TRUE(knows(*follower, before));
  EXPECT_FALSE(knows(*follower, now));
  const std::uint64_t generation = follower->source()->generation();

  const auto enforced = revoke(now).enforcement;
  ASSERT_TRUE(enforced);
  EXPECT_EQ(all_of(*enforced), 1) << "of 1";
  EXPECT_EQ(enforced->number, 2);
  EXPECT_TRUE(knows(*follower, now));
  EXPECT_GT(follower->source()->generation(), generation);
  EXPECT_EQ(all_of(*revoke(now).enforcement), 1) << "again: it holds already";
}

TEST_F(FeedTest, ManyRevocationsAtOnceAllArrive) {
  const Serving serving(home_);
  const auto follower = follow(serving);
  std::vector<std::string> serials;
  for (int i = 0; i < 40; ++i) serials.push_back(issued(fmt::format("client-{}", i)));
  std::vector<std::future<api::RevocationAnswer>> answers;
  for (const std::string& serial : serials) {
    answers.push_back(std::async(std::launch::async, [&, serial] { return revoke(serial); }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().enforcement->acknowledged, 1);
  for (const std::string& serial : serials) EXPECT_TRUE(knows(*follower, serial));
}

TEST_F(FeedTest, AFurtherCaIsFollowedAsSoonAsItIsThere) {
  const Serving serving(home_);
  std::promise<void> told;
  auto follower = enroll::RevocationFollower::follow(
      {.reach = serving.reach(), .name = "web-1", .on_issuers_changed = [&] { told.set_value(); }}, home_.clock);
  ASSERT_TRUE(follower) << follower.error().text();
  const std::size_t before = (*follower)->source()->current()->issuers();
  home_.authority->on_issuers_changed([&] { home_.authority->feed()->issuers_changed(); });
  ASSERT_TRUE(home_.new_issuer());
  ASSERT_EQ(told.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ((*follower)->source()->current()->issuers(), before + 1);
}

TEST_F(FeedTest, WhoHearsNothingForTooLongTakesNothingForUnrevoked) {
  const std::string serial = issued("alice");
  auto serving = std::make_unique<Serving>(home_);
  const auto follower = enroll::RevocationFollower::follow(
      {.reach = serving->reach(), .name = "web-1", .stale_after = Seconds{60}}, home_.clock);
  ASSERT_TRUE(follower) << follower.error().text();
  const Issuer* const issuer = home_.authority->issuance().issuers()->select(std::nullopt, kNow).value();
  const auto judged_at = [&](UnixSeconds at) {
    return (*follower)->source()->check(issuer->certificate, x509::SerialNumber::parse(serial).value(), at).status;
  };
  using Status = x509::RevocationChecker::Status;
  EXPECT_EQ(judged_at(kNow + Seconds{60}), Status::good);
  EXPECT_EQ(judged_at(kNow + Seconds{61}), Status::unknown);
}

TEST_F(FeedTest, WhenTheAuthorityIsGoneTheLastSetStaysAndItIsSaid) {
  const std::string before = issued("alice");
  const std::string after = issued("bob");
  revoke(before);
  auto serving = std::make_unique<Serving>(home_);
  const auto follower = follow(*serving, milliseconds(100));
  EXPECT_FALSE(follower->state().broken);
  serving.reset();
  const auto until = [&](auto condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return condition();
  };
  EXPECT_TRUE(until([&] { return follower->state().broken.has_value(); }));
  EXPECT_TRUE(knows(*follower, before));
  revoke(after);  // nobody hears of it now
  serving = std::make_unique<Serving>(home_);
  EXPECT_TRUE(until([&] { return knows(*follower, after); }));
  EXPECT_TRUE(until([&] { return !follower->state().broken; }));
  EXPECT_TRUE(knows(*follower, before));
}

TEST_F(FeedTest, AfterABackupWasRestoredNothingThatIsRevokedIsMissed) {
  std::vector<std::string> serials;
  for (const char* const name : {"a", "b", "c", "d", "e"}) serials.push_back(issued(name));
  revoke(serials[0]);
  const Path ledger = home_.folder.path() / "state" / "ledger.db";
  const Path copy = home_.folder.path() / "backup.db";
  ASSERT_TRUE(home_.authority->backup_ledger({.path = copy.string()}, {}));
  for (const int i : {1, 2}) revoke(serials[static_cast<std::size_t>(i)]);
  auto serving = std::make_unique<Serving>(home_);
  const auto follower = follow(*serving, milliseconds(100));
  EXPECT_EQ(follower->state().number, 3U);
  serving.reset();

  home_.authority.reset();
  for (const char* const rest : {"-wal", "-shm"}) std::filesystem::remove(ledger.string() + rest);
  std::filesystem::copy_file(copy, ledger, std::filesystem::copy_options::overwrite_existing);
  home_.open();
  for (const int i : {3, 4}) revoke(serials[static_cast<std::size_t>(i)]);  // 2 and 3 for the second time
  serving = std::make_unique<Serving>(home_);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (follower->state().number != 3 || !knows(*follower, serials[4])) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::yield();
  }
  for (const std::string& serial : serials) EXPECT_TRUE(knows(*follower, serial));
  const std::string later = issued("f");
  EXPECT_EQ(all_of(*revoke(later).enforcement), 1);
  EXPECT_TRUE(knows(*follower, later));
}

TEST_F(FeedTest, WhatIsEnforcedByTheNumbersOfAnotherHistoryDoesNotCount) {
  revoke(issued("a"));
  const Serving serving(home_);
  auto client = enroll::AuthorityClient::over_unix(serving.socket()).value();
  const api::FeedQuery question{.gateway = "web-1", .after = 1, .digest = std::string(64, '0')};
  const auto page = client.feed(question);
  ASSERT_TRUE(page) << page.error().text();
  EXPECT_TRUE(page->behind && page->entries.empty());
  const auto enforced = home_.authority->feed()->wait_for_enforcement(1);
  ASSERT_TRUE(enforced);
  EXPECT_EQ(enforced->acknowledged, 0);
  EXPECT_EQ(enforced->missing, std::vector<std::string>{"web-1"});
  EXPECT_EQ(code_of(client.feed({.gateway = "web-1", .after = 1})), Code::bad_request) << "a number alone";
}

TEST_F(FeedTest, WithoutAnAuthorityThereIsNoStart) {
  const auto follower = enroll::RevocationFollower::follow(
      {.reach = by_socket(home_.folder.path() / "nobody.sock"), .name = "web-1"}, home_.clock);
  ASSERT_FALSE(follower);
  EXPECT_EQ(follower.error().code, Code::authority_unreachable);
}

TEST_F(FeedTest, AServerThatStopsAnswersWhoWaits) {
  auto serving = std::make_unique<Serving>(home_);
  auto client = enroll::AuthorityClient::over_unix(serving->socket()).value();
  auto waiting = std::async(std::launch::async, [&] { return client.feed({.gateway = "web-1", .wait = 30'000}); });
  // It waits when its question has been counted.
  while (!home_.authority->feed()->wait_for_enforcement(0)) std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  serving.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(15'000));
  static_cast<void>(waiting.get());
}

TEST_F(FeedTest, PagesFollowTheNumberAndTellAnAuthorityThatForgot) {
  for (const char* const name : {"a", "b", "c"}) revoke(issued(name));
  const auto after = [&](std::int64_t number, const std::string& digest) {
    const auto page = home_.authority->feed_page({.gateway = "web-1", .after = number, .digest = digest});
    EXPECT_TRUE(page) << page.error().text();
    return *page;
  };
  const auto all = after(0, "");
  ASSERT_EQ(all.entries.size(), 3U);
  EXPECT_EQ(all.entries[1].number, 2);
  EXPECT_EQ(all.issuers.size(), 2U);
  EXPECT_FALSE(all.more || all.behind);
  ASSERT_TRUE(all.digest);
  const auto none = after(3, *all.digest);
  EXPECT_TRUE(!none.behind && none.entries.empty());
  EXPECT_EQ(none.digest, all.digest);
  revoke(issued("d"));
  EXPECT_EQ(after(3, *all.digest).entries.size(), 1U);
  for (const std::int64_t number : {2, 4, 5}) {
    const auto page = after(number, *all.digest);
    EXPECT_TRUE(page.behind && page.entries.empty() && !page.digest) << number;
  }
}

TEST_F(FeedTest, SignedHeadsTravelWithThePagesAndEndTheWait) {
  const Serving serving(home_);
  auto client = enroll::AuthorityClient::over_unix(serving.socket()).value();
  EXPECT_FALSE(client.feed({.gateway = "web-1"})->feed_head) << "nobody signs any";
  home_.authority->keep_heads();
  const auto begin = std::chrono::steady_clock::now();
  api::FeedPage page;
  do {
    std::this_thread::yield();
    page = client.feed({.gateway = "web-1"}).value();
    ASSERT_LT(std::chrono::steady_clock::now() - begin, kPatience);
  } while (!page.feed_head);
  EXPECT_EQ(page.feed_head->count, 0);
  revoke(issued("a"));
  page = client.feed({.gateway = "web-1", .head = 0, .wait = 20'000}).value();
  ASSERT_EQ(page.entries.size(), 1U);
  // It stands at the entry, and waits for the head that vouches for it.
  while (page.feed_head->count < 1) {
    page = client.feed({.gateway = "web-1", .after = 1, .digest = *page.digest, .head = 0, .wait = 20'000}).value();
    ASSERT_LT(std::chrono::steady_clock::now() - begin, kPatience);
  }
  EXPECT_EQ(page.feed_head->hash, page.digest);
  const auto key = revocation::head_key(from_base64(*page.head_key).value()).value();
  EXPECT_TRUE(revocation::check_signature(api::head_of(revocation::HeadKind::feed, *page.feed_head).value(), key));
  EXPECT_TRUE(revocation::check_signature(api::head_of(revocation::HeadKind::audit, *page.audit_head).value(), key));
}

TEST_F(FeedTest, ASilentGatewayHoldsARevocationUpForNoLongerThanTheBound) {
  home_.authority.reset();
  auto ledger =
      ledger::SqliteLedger::open(home_.folder.path() / "state" / "ledger.db", {.clock = &home_.clock}).value();
  RevocationFeed feed(*ledger, home_.clock, {.enforcement = milliseconds(20)});
  ASSERT_TRUE(feed.heard(says("web-1", 6), false));
  ASSERT_TRUE(feed.heard(says("web-2", 7), false));
  const auto some = feed.wait_for_enforcement(7);
  ASSERT_TRUE(some);
  EXPECT_EQ(some->gateways, 2);
  EXPECT_EQ(some->acknowledged, 1);
  EXPECT_EQ(some->missing, std::vector<std::string>{"web-1"});
  ASSERT_TRUE(feed.heard(says("web-1", 7), false));
  EXPECT_EQ(all_of(*feed.wait_for_enforcement(7)), 2);
}

TEST_F(FeedTest, AGatewayCountsUntilItIsForgottenWhetherItFollowsOrNot) {
  home_.authority.reset();
  const Path path = home_.folder.path() / "state" / "ledger.db";
  auto ledger = ledger::SqliteLedger::open(path, {.clock = &home_.clock}).value();
  {
    RevocationFeed feed(*ledger, home_.clock, {.presence = milliseconds(0), .enforcement = kPatience});
    ASSERT_TRUE(feed.heard(says("web-1", 3), false));
    const auto of_before = feed.wait_for_enforcement(3);
    EXPECT_EQ(all_of(*of_before), 1) << "it is stopped, and had confirmed this one";
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(feed.wait_for_enforcement(4)->missing, std::vector<std::string>{"web-1"});
    EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience / 2) << "nobody who follows is awaited";
  }
  ledger.reset();
  ledger = ledger::SqliteLedger::open(path, {.clock = &home_.clock}).value();
  RevocationFeed feed(*ledger, home_.clock, {.alarm = milliseconds(0)});
  ASSERT_EQ(feed.gateways().gateways.size(), 1U);
  const api::GatewayInfo known = feed.gateways().gateways.front();
  EXPECT_EQ(known.name, "web-1");
  EXPECT_EQ(known.since, kNow);
  EXPECT_FALSE(known.follows || known.last_seen);
  EXPECT_EQ(feed.wait_for_enforcement(1)->missing, std::vector<std::string>{"web-1"});
  ASSERT_EQ(feed.alarms().size(), 1U);
  EXPECT_EQ(feed.alarms().front().code, Code::gateway_silent);
  EXPECT_EQ(code_of(feed.forget("web-2", "root")), Code::not_found);
  EXPECT_EQ(feed.forget("web-1", "root")->name, "web-1");
  EXPECT_FALSE(feed.wait_for_enforcement(1));
  EXPECT_TRUE(feed.alarms().empty());
  EXPECT_TRUE(ledger->gateways()->empty());
}

TEST_F(FeedTest, AQuestionThatWaitedSaysNothingNew) {
  ASSERT_TRUE(home_.authority->feed_page({.gateway = "web-1", .repeated = true}));
  EXPECT_TRUE(home_.authority->feed()->gateways().gateways.empty());
}

TEST_F(FeedTest, WhileAProcessDrainsBothMustEnforceWhatIsRevoked) {
  RevocationFeed& feed = *home_.authority->feed();
  api::FeedQuery draining = says("web-1", 1);
  draining.process = "old";
  api::FeedQuery next = says("web-1", 2);
  next.process = "new";
  next.version = "2";
  ASSERT_TRUE(feed.heard(draining, false));
  ASSERT_TRUE(feed.heard(next, false));
  const api::GatewayInfo both = feed.gateways().gateways.front();
  EXPECT_EQ(both.processes, 2);
  EXPECT_EQ(both.enforced, 1);
  EXPECT_EQ(both.version, "2");
}

TEST_F(FeedTest, TheNumberOfFollowersIsBounded) {
  RevocationFeed& feed = *home_.authority->feed();
  for (std::size_t i = 0; i < RevocationFeed::kMostGateways; ++i)
    ASSERT_TRUE(feed.heard(says(fmt::format("web-{}", i)), false));
  EXPECT_TRUE(feed.heard(says("web-0", 1), false));
  EXPECT_EQ(feed.heard(says("one more"), false).error().code, Code::overloaded);
  api::FeedQuery query = says("web-0", 1);
  for (std::size_t i = 0; i < 100; ++i) {
    query.process = std::to_string(i);
    ASSERT_TRUE(feed.heard(query, false));
  }
  EXPECT_EQ(feed.gateways().gateways.front().processes, RevocationFeed::kMostProcesses);
}

}  // namespace
}  // namespace symbolon::authority
