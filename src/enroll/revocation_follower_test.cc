// A gateway follows the feed of an authority that breaks off, repeats itself, mixes things up and lies: what is
// enforced stays enforced, and nothing else is.
#include "enroll/revocation_follower.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "enroll/feed_model.h"
#include "enroll/revocation_journal.h"
#include "http/problem.h"

namespace symbolon::enroll {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{20'000};  // of a test that would hang
constexpr UnixSeconds kNow{10'000};

class FollowerTest : public ::testing::Test {
 protected:
  FollowerOptions options(bool with_journal = true) const {
    FollowerOptions out{
        .reach = authority_.reach(), .name = "web-1", .wait = milliseconds(20), .longest_retry = milliseconds(20)};
    if (with_journal) out.journal = journal_;
    return out;
  }
  std::unique_ptr<RevocationFollower> follow(bool with_journal = true) {
    auto follower = RevocationFollower::follow(options(with_journal), clock_);
    EXPECT_TRUE(follower) << follower.error().text();
    return follower ? std::move(*follower) : nullptr;
  }
  static bool knows(const RevocationFollower& follower, const x509::SerialNumber& serial) {
    return follower.source()->current()->revoked(model_issuer(), serial);
  }
  static bool soon(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return condition();
  }
  // The follower has seen at least two answers more.
  bool asked_again() {
    const std::int64_t then = authority_.questions();
    return soon([&] { return authority_.questions() > then + 3; });
  }

  // Answers with that page once the follower enforces the truth, and what comes of it.
  void lie(const std::function<api::FeedPage(api::FeedPage)>& changed) {
    FeedModel model;
    model.revoke(3);
    authority_.tell(model);
    const auto follower = follow();
    ASSERT_TRUE(follower);
    ASSERT_TRUE(soon([&] { return authority_.last_after() == 3; }));
    const std::size_t size = follower->source()->current()->size();
    model.revoke(3);
    authority_.answer([model, changed](const FakeAuthority::Question& question) {
      return FakeAuthority::page(changed(model.page(question.after, question.digest)));
    });
    ASSERT_TRUE(soon([&] { return follower->state().broken.has_value(); }));
    EXPECT_EQ(follower->state().why->code, expected_) << follower->state().why->text();
    ASSERT_TRUE(asked_again());
    EXPECT_EQ(authority_.last_after(), 3) << "it confirms nothing of that";
    EXPECT_EQ(follower->state().number, 3U);
    EXPECT_EQ(follower->source()->current()->size(), size) << "nothing of it is enforced";
    for (std::int64_t number = 1; number <= 3; ++number) EXPECT_TRUE(knows(*follower, model.serial(number)));
    authority_.tell(model);
    EXPECT_TRUE(soon([&] { return !follower->state().broken && follower->state().number == 6; }));
    EXPECT_TRUE(knows(*follower, model.serial(6)));
  }

  FakeAuthority authority_;
  FixedClock clock_{kNow};
  Path journal_ = authority_.folder() / "revocations.journal";
  Code expected_ = Code::feed_entry_not_ours;
};

TEST_F(FollowerTest, TakesTheWholeFeedInPagesAndWhatFollows) {
  FeedModel model;
  model.revoke(2500);
  authority_.tell(model, 1000);
  const auto follower = follow();
  ASSERT_TRUE(follower);
  EXPECT_EQ(follower->source()->current()->size(), 2500U);
  EXPECT_EQ(follower->state().number, 2500U);
  model.revoke();
  authority_.tell(model);
  EXPECT_TRUE(soon([&] { return authority_.last_after() == 2501; })) << "the next question confirms it";
  EXPECT_TRUE(knows(*follower, model.serial(2501)));
}

TEST_F(FollowerTest, SaysWhichKeysOfTicketsCount) {
  FeedModel model;
  const auto say = [&](const std::string& generation) {
    authority_.answer([model, generation](const FakeAuthority::Question& question) {
      api::FeedPage page = model.page(question.after, question.digest);
      page.ticket_keys = generation;
      return FakeAuthority::page(page);
    });
  };
  say("one");
  const auto follower = follow();
  ASSERT_TRUE(follower);
  std::mutex mutex;
  std::vector<std::string> heard;
  follower->on_ticket_keys([&](const std::string& generation) {
    const std::lock_guard lock(mutex);
    heard.push_back(generation);
  });
  EXPECT_EQ(heard, std::vector<std::string>{"one"}) << "what it knows already";
  ASSERT_TRUE(asked_again());
  say("two");
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return heard.size();
  };
  EXPECT_TRUE(soon([&] { return count() == 2; })) << "once, however often it is said";
  EXPECT_EQ(heard.back(), "two");
  follower->on_ticket_keys({});
  say("three");
  ASSERT_TRUE(asked_again());
  EXPECT_EQ(count(), 2U);
}

TEST_F(FollowerTest, AForgedEntryIsRefused) {
  lie([](api::FeedPage page) {
    if (!page.entries.empty()) page.entries[1].serial = "5eed";
    return page;
  });
}

TEST_F(FollowerTest, EntriesInAnotherOrderAreRefused) {
  lie([](api::FeedPage page) {
    if (page.entries.size() > 1) std::swap(page.entries[0].serial, page.entries[1].serial);
    return page;
  });
}

TEST_F(FollowerTest, ARepeatedEntryIsRefused) {
  lie([](api::FeedPage page) {
    if (page.entries.size() > 1) page.entries[1].serial = page.entries[0].serial;
    return page;
  });
}

TEST_F(FollowerTest, AnEntryThatIsLeftOutIsMissed) {
  lie([](api::FeedPage page) {
    if (page.entries.size() == 3) {
      page.entries.erase(page.entries.begin() + 1);
      page.entries[1].number = 5;
    }
    return page;
  });
}

TEST_F(FollowerTest, NumbersThatDoNotGoOnAreRefused) {
  expected_ = Code::bad_request;
  lie([](api::FeedPage page) {
    for (api::FeedEntry& entry : page.entries) ++entry.number;
    return page;
  });
}

TEST_F(FollowerTest, WhatWasSaidBeforeIsRefusedWhenItIsSaidAgain) {
  expected_ = Code::bad_request;
  FeedModel before;
  before.revoke(3);
  lie([replayed = before.page(0, "")](const api::FeedPage& page) { return page.entries.empty() ? page : replayed; });
}

// The chain of what is forged is right: it is the signed head that shows it.
TEST_F(FollowerTest, AnEntryThatTheSignedHeadDoesNotVouchForIsRefused) {
  lie([](api::FeedPage page) {
    if (page.entries.size() == 3) {
      FeedModel truth;
      truth.revoke(3);
      page.entries[1].serial = "5eed";
      page.digest = FeedModel::chain(truth.hash(3), page.entries);
    }
    return page;
  });
}

TEST_F(FollowerTest, AHeadThatAnotherKeySignedIsRefused) {
  expected_ = Code::audit_head_not_ours;
  const auto other = std::make_shared<crypto::PrivateKey>(crypto::PrivateKey::generate(crypto::KeyType::p256).value());
  lie([other](api::FeedPage page) {
    page.feed_head = FeedModel::signed_by(*other, page.feed_head->count, api::sha256_of(page.feed_head->hash).value());
    return page;
  });
}

// The answer is cut at every octet, and the connection with it.
class CutAnswers {
 public:
  explicit CutAnswers(std::string answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~CutAnswers() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Path socket() const { return folder_.path() / "cut.sock"; }
  void cut_at(std::size_t size) { size_ = size; }
  std::int64_t answered() const { return answered_; }

 private:
  void serve() {
    while (true) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      http::RawPeer peer(descriptor);
      if (peer.receive_until("\r\n\r\n").empty()) continue;
      peer.send(std::string_view(answer_).substr(0, size_));
      ++answered_;
    }
  }

  const std::string answer_;
  http::TemporaryFolder folder_;
  int listener_ = -1;
  std::atomic<std::size_t> size_{0};
  std::atomic<std::int64_t> answered_{0};
  std::thread thread_;
};

TEST_F(FollowerTest, AnAnswerThatIsCutAnywhereChangesNothing) {
  FeedModel model;
  model.revoke(2);
  api::FeedPage page = model.page(0, "");
  std::string block = api::block_head(1, {to_hex(model_issuer().octets)}).value();
  for (const api::FeedEntry& entry : page.entries) {
    const auto serial = x509::SerialNumber::parse(entry.serial).value();
    api::append_packed(block, {.issuer = 0, .reason = entry.reason, .at = entry.at, .serial = serial.magnitude()});
  }
  page.entries.clear();
  page.block = block;
  const std::string body = api::encode_packed(page);
  const std::string answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                                         api::kFeedMedia, body.size(), body);
  CutAnswers cut(answer);
  FollowerOptions asking = options();
  asking.reach = [&](const ClientTimes& times) { return AuthorityClient::over_unix(cut.socket(), times); };
  for (std::size_t size = 0; size < answer.size(); ++size) {
    cut.cut_at(size);
    EXPECT_FALSE(RevocationFollower::follow(asking, clock_)) << size << " of " << answer.size() << " octets";
    EXPECT_FALSE(std::filesystem::exists(journal_));
  }
  cut.cut_at(answer.size());
  const auto follower = RevocationFollower::follow(asking, clock_);
  ASSERT_TRUE(follower) << follower.error().text();
  EXPECT_EQ((*follower)->source()->current()->size(), 2U);
  for (std::size_t size = 1; size < answer.size(); size += 7) {  // while it enforces something
    const std::int64_t then = cut.answered();
    cut.cut_at(size);
    ASSERT_TRUE(soon([&] { return cut.answered() > then + 1; }));
    EXPECT_EQ((*follower)->source()->current()->size(), 2U);
  }
}

TEST_F(FollowerTest, AJournalThatWasLostIsFilledFromTheFeed) {
  FeedModel model;
  model.revoke(5);
  authority_.tell(model, 2);
  const auto follower = follow();
  ASSERT_TRUE(soon([&] { return std::filesystem::exists(journal_); }));
  std::filesystem::remove(journal_);
  model.revoke();
  authority_.tell(model, 2);
  const auto on_disk = [&] { return RevocationJournal(journal_).take_found(); };
  ASSERT_TRUE(soon([&] { return std::filesystem::exists(journal_) && on_disk().place.number == 6; }));
  EXPECT_EQ(on_disk().set->size(), 6U);
  EXPECT_TRUE(soon([&] { return on_disk().head->head.head.count == 6U; }));
}

// A restored backup: what the authority has forgotten is handed back, newest first, and everything stays enforced.
TEST_F(FollowerTest, WhatTheAuthorityHasForgottenIsHandedBack) {
  FeedModel model;
  model.revoke(2600);
  authority_.tell(model);
  const auto follower = follow();
  ASSERT_TRUE(soon([&] { return authority_.last_after() == 2600; }));

  FeedModel restored = model;
  restored.restore(100, 0x0b);
  restored.revoke(10);
  std::mutex mutex;
  std::vector<api::HandBackRequest> pages;
  std::int64_t awaited = 2600;
  authority_.take_back([&](const api::HandBackRequest& page) {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(page.entries.back().number, awaited);
    pages.push_back(page);
    awaited = page.entries.front().number - 1;
    api::HandBackAnswer answer{.outcome = api::HandBackAnswer::Outcome::go_on,
                               .next = awaited,
                               .taken = static_cast<std::int64_t>(page.entries.size())};
    if (awaited <= 100) answer.outcome = api::HandBackAnswer::Outcome::done;
    return http::make_response(200, http::kJson, api::encode(answer));
  });
  authority_.tell(restored);
  ASSERT_TRUE(soon([&] { return authority_.last_after() == 110; })) << "it goes on from what both have";
  std::string hash = model.hash(2600);
  const std::lock_guard lock(mutex);
  ASSERT_EQ(pages.size(), 3U);
  std::int64_t number = 2600;
  for (const api::HandBackRequest& page : pages) {
    EXPECT_EQ(page.head, model.signed_head_said());
    EXPECT_EQ(FeedModel::chain(page.before, page.entries), hash) << "each vouches for the one that goes before it";
    hash = page.before;
    EXPECT_EQ(page.entries.back(), model.entry(number));
    number = page.entries.front().number - 1;
  }
  EXPECT_EQ(number, 100);
  EXPECT_EQ(hash, model.hash(100));
  EXPECT_EQ(follower->source()->current()->size(), 2610U);
  EXPECT_TRUE(knows(*follower, model.serial(2600)) && knows(*follower, restored.serial(110)));
  const auto on_disk = [&] { return RevocationJournal(journal_).take_found(); };
  EXPECT_TRUE(soon([&] { return on_disk().place.number == 110; }));
  EXPECT_EQ(on_disk().set->size(), 2610U) << "also after a start";
}

TEST_F(FollowerTest, WhatTheAuthorityDoesNotTakeBackStaysEnforced) {
  FeedModel model;
  model.revoke(5);
  authority_.tell(model);
  const auto follower = follow();
  ASSERT_TRUE(soon([&] { return authority_.last_after() == 5; }));
  FeedModel restored = model;
  restored.restore(2, 0x0b);
  authority_.take_back(
      [](const api::HandBackRequest&) { return http::problem(Error{Code::audit_head_not_ours, "another key"}); });
  authority_.tell(restored);
  ASSERT_TRUE(soon([&] { return authority_.last_after() == 2; }));
  EXPECT_EQ(follower->source()->current()->size(), 5U);
  const auto on_disk = [&] { return RevocationJournal(journal_).take_found(); };
  EXPECT_TRUE(soon([&] { return on_disk().place.number == 2; }));
  EXPECT_EQ(on_disk().set->size(), 5U);
}

// The signer stands still: a head of an entry before the newest one cannot be held against anything, and is not asked
// about again and again.
TEST_F(FollowerTest, AHeadThatIsBehindIsNoNewsTwice) {
  FeedModel model;
  model.revoke(5);
  std::atomic<std::int64_t> said = -1;
  authority_.answer([&, model](const FakeAuthority::Question& question) {
    said = question.head;
    api::FeedPage page = model.page(question.after, question.digest);
    page.feed_head = model.signed_head(3);
    return FakeAuthority::page(page);
  });
  const auto follower = follow(false);
  ASSERT_TRUE(follower);
  EXPECT_TRUE(soon([&] { return authority_.last_after() == 5; }));
  EXPECT_TRUE(soon([&] { return said == 3; })) << said;
}

// It cannot be asked now: nothing is given up, and it is tried again.
TEST_F(FollowerTest, AnAuthorityThatCannotTakeItBackNowIsAskedAgain) {
  FeedModel model;
  model.revoke(5);
  authority_.tell(model);
  const auto follower = follow();
  ASSERT_TRUE(soon([&] { return authority_.last_after() == 5; }));
  FeedModel restored = model;
  restored.restore(2, 0x0b);
  std::atomic<int> calls = 0;
  authority_.take_back([&](const api::HandBackRequest& page) {
    if (++calls < 3) return http::problem(Error{Code::overloaded, "not now"});
    EXPECT_EQ(page.entries.size(), 3U);
    return http::make_response(200, http::kJson,
                               api::encode(api::HandBackAnswer{.outcome = api::HandBackAnswer::Outcome::given_up}));
  });
  authority_.tell(restored);
  ASSERT_TRUE(soon([&] { return authority_.last_after() == 2; }));
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(follower->source()->current()->size(), 5U);
}

TEST_F(FollowerTest, AnAuthorityThatIsAlwaysBehindIsNotAskedForEver) {
  FeedModel model;
  model.revoke(3);
  authority_.tell(model);
  const auto follower = follow();
  ASSERT_TRUE(soon([&] { return authority_.last_after() == 3; }));
  authority_.take_back(
      [](const api::HandBackRequest&) { return http::problem(Error{Code::audit_head_not_ours, "another key"}); });
  authority_.answer([model](const FakeAuthority::Question& question) {
    api::FeedPage page = model.page(0, "");
    page.entries.clear();
    page.digest.reset();
    page.behind = question.after > 0;
    page.past = {{2, model.hash(2)}, {0, model.hash(0)}};
    return FakeAuthority::page(page);
  });
  EXPECT_TRUE(soon([&] { return follower->state().broken.has_value(); }));
  EXPECT_TRUE(asked_again());
  EXPECT_EQ(follower->source()->current()->size(), 3U);
}

}  // namespace
}  // namespace symbolon::enroll
