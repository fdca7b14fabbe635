// What a gateway keeps of the feed on its disk, and how it starts from it.
#include <sys/socket.h>
#include <unistd.h>

#include "authority/feed_fixture.h"
#include "ledger/sql.h"

namespace symbolon::authority {
namespace {

class JournalTest : public FeedTest {
 protected:
  x509::Certificate ca() const {
    return home_.authority->issuance().issuers()->select(std::nullopt, kNow).value()->certificate;
  }
  enroll::FollowerOptions options(enroll::ReachAuthority reach) const {
    return {.reach = std::move(reach),
            .name = "web-1",
            .journal = journal_,
            .anchors = {ca()},
            .wait = milliseconds(50),
            .longest_retry = milliseconds(100)};
  }
  std::unique_ptr<enroll::RevocationFollower> begin(enroll::ReachAuthority reach) {
    auto follower = enroll::RevocationFollower::follow(options(std::move(reach)), home_.clock);
    EXPECT_TRUE(follower) << follower.error().text();
    return follower ? std::move(*follower) : nullptr;
  }
  void follow_once() {
    const Serving serving(home_);
    begin(serving.reach());
  }
  static bool soon(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return condition();
  }
  enroll::ReachAuthority away() const { return by_socket(home_.folder.path() / "nobody.sock"); }

  Path journal_ = home_.folder.path() / "revocations.journal";
};

TEST_F(JournalTest, WhatCameAfterAStartWithoutTheAuthorityStandsThereToo) {
  const std::string alice = issued("alice");
  const std::string bob = issued("bob");
  revoke(alice);
  follow_once();
  {
    const auto follower = begin(by_socket(home_.folder.path() / "state" / "authority.sock"));
    ASSERT_TRUE(follower);
    EXPECT_TRUE(follower->state().broken);
    EXPECT_TRUE(knows(*follower, alice));
    revoke(bob);
    const Serving serving(home_);
    EXPECT_TRUE(soon([&] { return follower->state().number == 2 && !follower->state().broken; }));
    EXPECT_TRUE(knows(*follower, bob));
  }
  const auto again = begin(away());
  ASSERT_TRUE(again);
  EXPECT_TRUE(knows(*again, alice));
  EXPECT_TRUE(knows(*again, bob));
  EXPECT_EQ(again->state().number, 2U);
}

TEST_F(JournalTest, AHoldAndItsReleaseStandThereToo) {
  const std::string alice = issued("alice");
  const std::string bob = issued("bob");
  const auto hold = [&](const std::string& serial) {
    ASSERT_TRUE(home_.authority->revoke({serial, api::RevocationReason::certificate_hold}, kTester));
  };
  hold(alice);
  hold(bob);
  follow_once();
  EXPECT_TRUE(knows(*begin(away()), alice));
  ASSERT_TRUE(home_.authority->release({alice}, kTester));
  EXPECT_TRUE(knows(*begin(away()), alice)) << "it has not heard of that";
  follow_once();
  EXPECT_FALSE(knows(*begin(away()), alice));
  EXPECT_TRUE(knows(*begin(away()), bob));
  // A file that is written anew says the same.
  std::filesystem::resize_file(journal_, std::filesystem::file_size(journal_) - 3);
  follow_once();
  ASSERT_TRUE(home_.authority->release({bob}, kTester));
  follow_once();
  EXPECT_FALSE(knows(*begin(away()), bob));
  hold(alice);
  follow_once();
  EXPECT_TRUE(knows(*begin(away()), alice));
}

TEST_F(JournalTest, WhatTheDiskRefusedIsWrittenLater) {
  const std::string alice = issued("alice");
  {
    const Serving serving(home_);
    const auto follower = begin(serving.reach());
    ASSERT_TRUE(soon([&] { return std::filesystem::exists(journal_); }));
    std::filesystem::remove(journal_);
    std::filesystem::create_directory(journal_);  // nothing can be appended to a folder
    EXPECT_EQ(all_of(*revoke(alice).enforcement), 1) << "it is enforced all the same";
    std::filesystem::remove(journal_);
    EXPECT_TRUE(soon([&] { return std::filesystem::is_regular_file(journal_); }));
  }
  const auto again = begin(away());
  ASSERT_TRUE(again);
  EXPECT_TRUE(knows(*again, alice));
}

TEST_F(JournalTest, WhoeverComesSecondWritesNothingUntilTheFirstIsGone) {
  const Serving serving(home_);
  auto draining = begin(serving.reach());
  const auto next = begin(serving.reach());
  const std::string alice = issued("alice");
  revoke(alice);
  EXPECT_TRUE(soon([&] { return knows(*next, alice); }));
  draining.reset();
  std::filesystem::remove(journal_);
  EXPECT_TRUE(soon([&] { return std::filesystem::exists(journal_); })) << "the next one writes it anew";
  EXPECT_TRUE(knows(*begin(away()), alice));
}

TEST_F(JournalTest, OneThatIsDamagedIsReadAsFarAsItGoesAndWrittenAnew) {
  const std::string alice = issued("alice");
  revoke(alice);
  follow_once();
  const auto whole = std::filesystem::file_size(journal_);
  std::filesystem::resize_file(journal_, whole - 3);
  follow_once();
  EXPECT_TRUE(knows(*begin(away()), alice));
}

TEST_F(JournalTest, OneOfAnotherAuthorityDoesNotCount) {
  follow_once();
  const Home other{InitOptions()};
  auto of_other = options(away());
  of_other.anchors = {other.authority->issuance().issuers()->select(std::nullopt, kNow).value()->certificate};
  const auto refused = enroll::RevocationFollower::follow(std::move(of_other), home_.clock);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::authority_unreachable);
  EXPECT_NE(refused.error().words.find("does not speak of"), std::string::npos) << refused.error().text();
}

TEST_F(JournalTest, OneThatIsOldOrOfTheFutureDoesNotCount) {
  follow_once();
  EXPECT_TRUE(begin(away()));
  for (const UnixSeconds now : {kNow + Seconds{3601}, kNow - kDay}) {
    const FixedClock clock(now);
    EXPECT_FALSE(enroll::RevocationFollower::follow(options(away()), clock));
  }
  const FixedClock later(kNow + Seconds{3500});
  const auto follower = enroll::RevocationFollower::follow(options(away()), later);
  ASSERT_TRUE(follower);
  const auto serial = x509::SerialNumber::parse("0a").value();
  using Status = x509::RevocationChecker::Status;
  EXPECT_EQ((*follower)->source()->check(ca(), serial, kNow + Seconds{3600}).status, Status::good);
  EXPECT_EQ((*follower)->source()->check(ca(), serial, kNow + Seconds{3601}).status, Status::unknown);
}

TEST_F(FeedTest, AnAuthorityThatCannotNameItsGatewaysDoesNotStart) {
  home_.authority.reset();
  const Path path = home_.folder.path() / "state" / "ledger.db";
  ASSERT_TRUE(ledger::sql::Connection::open(path, ledger::sql::Access::write).value().execute("DROP TABLE gateways"));
  AuthorityOptions options;
  options.state = home_.folder.path() / "state";
  EXPECT_FALSE(Authority::open(std::move(options), home_.clock));
}

TEST_F(JournalTest, AConnectionAloneIsNoNews) {
  auto serving = std::make_unique<Serving>(home_);
  std::atomic<int> calls = 0;
  const auto reach = [&, real = serving->reach()](const enroll::ClientTimes& times) -> Result<enroll::AuthorityClient> {
    if (++calls == 1) return real(times);
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ::close(ends[1]);
    return enroll::AuthorityClient::over_descriptor(ends[0], times);
  };
  const auto follower = begin(reach);
  ASSERT_TRUE(follower);
  serving.reset();
  EXPECT_TRUE(soon([&] { return follower->state().broken.has_value(); }));
  const int then = calls;
  EXPECT_TRUE(soon([&] { return calls > then + 3; }));
  EXPECT_TRUE(follower->state().broken) << "it stays so, whoever takes connections";
}

}  // namespace
}  // namespace symbolon::authority
