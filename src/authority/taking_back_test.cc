// A ledger that was restored, and a gateway that knows what was lost.
#include "authority/taking_back.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "authority/feed_history.h"
#include "authority/head_signer.h"
#include "authority/records_view.h"
#include "authority/testing.h"
#include "ledger/sqlite_ledger.h"

namespace symbolon::authority {
namespace {

using namespace testing;
using Outcome = api::HandBackAnswer::Outcome;

// What one history of the ledger told its gateways.
struct Told {
  std::vector<api::FeedEntry> entries;        // from 1 on
  std::vector<revocation::FeedPoint> places;  // from 0 on
  api::SignedHead head;
};

class TakingBackTest : public ::testing::Test {
 protected:
  TakingBackTest() {
    home_.authority.reset();
    open();
    const auto issuers = ledger_->issuers().value();
    for (const ledger::Issuer& issuer : issuers) {
      if (issuer.name == kIssuingName) issuer_ = issuer.id;
    }
  }
  ~TakingBackTest() override { close(); }
  void open() {
    auto opened = ledger::SqliteLedger::open(path_, {.clock = &home_.clock});
    ASSERT_TRUE(opened) << opened.error().text();
    ledger_ = std::move(*opened);
    history_ = std::make_unique<FeedHistory>(*ledger_);
    signer_ = head_signer_here(head_key_in_files(layout_, {}), AtRest::plain, *ledger_, home_.clock);
    taking_ = std::make_unique<TakingBack>(TakingBack::Parts{.ledger = *ledger_,
                                                             .history = *history_,
                                                             .clock = home_.clock,
                                                             .key = [this] { return signer_->key(); },
                                                             .file = layout_.heads_behind()});
    taking_->start();
  }
  void close() {
    taking_.reset();
    signer_.reset();
    history_.reset();
    ledger_.reset();
  }
  void backup() { ASSERT_TRUE(ledger_->backup(copy_, {})); }
  void restore() {
    close();
    std::filesystem::remove(path_.string() + "-wal");
    std::filesystem::remove(path_.string() + "-shm");
    std::filesystem::copy_file(copy_, path_, std::filesystem::copy_options::overwrite_existing);
    home_.clock.set(home_.clock.now() + kHour);
    open();
  }

  void revoke(int first, int count = 1) {
    for (int i = first; i < first + count; ++i) {
      const auto done = ledger_->revoke({.issuer = issuer_,
                                         .serial = serial(i),
                                         .reason = ledger::RevocationReason::key_compromise,
                                         .invalid_since = kNow - kDay,
                                         .actor = "test",
                                         .unknown_serial = ledger::UnknownSerial::accept});
      ASSERT_TRUE(done) << done.error().text();
    }
  }
  void hold(int number) {
    ASSERT_TRUE(ledger_->revoke({.issuer = issuer_,
                                 .serial = serial(number),
                                 .reason = ledger::RevocationReason::certificate_hold,
                                 .actor = "test",
                                 .unknown_serial = ledger::UnknownSerial::accept}));
  }
  Result<ledger::ReleaseOutcome> try_to_release(int number) {
    return ledger_->release({.issuer = issuer_, .serial = serial(number), .actor = "test"});
  }
  void release(int number) { ASSERT_TRUE(try_to_release(number)); }
  static x509::SerialNumber serial(int number) {
    return x509::SerialNumber::parse(fmt::format("{:06x}", 0x100000 + number)).value();
  }
  // As CRLs would list them.
  std::set<x509::SerialNumber> revoked() {
    std::set<x509::SerialNumber> out;
    EXPECT_TRUE(ledger_->revocations(0, [&](const ledger::Revocation& revocation) {
      out.insert(revocation.serial);
      return ledger::Proceed::yes;
    }));
    return out;
  }
  bool has_all(int first, int count) {
    const auto all = revoked();
    for (int i = first; i < first + count; ++i) {
      if (!all.contains(serial(i))) return false;
    }
    return true;
  }

  Told told() {
    Told out{.entries = {}, .places = {{}}, .head = api::view_of(signer_->sign(revocation::HeadKind::feed).value())};
    EXPECT_TRUE(ledger_->revocations(0, [&](const ledger::Revocation& revocation) {
      const auto octets = history_->issuer_octets(revocation.issuer).value();
      out.entries.push_back({.number = static_cast<std::int64_t>(revocation.sequence),
                             .issuer = to_hex(octets),
                             .serial = revocation.serial.hex(),
                             .reason = view_of(revocation).reason,
                             .at = revocation.revoked_at,
                             .invalid_since = revocation.invalid_since});
      out.places.push_back(out.places.back());
      out.places.back().add(chain_entry_of(revocation, octets));
      return ledger::Proceed::yes;
    }));
    return out;
  }
  // The page of entries beyond `after` up to `until`.
  static api::HandBackRequest page(const Told& told, std::size_t after, std::size_t until) {
    api::HandBackRequest out{
        .gateway = "web-1", .head = told.head, .before = to_hex(told.places.at(after).hash), .entries = {}};
    out.entries.assign(told.entries.begin() + static_cast<std::ptrdiff_t>(after),
                       told.entries.begin() + static_cast<std::ptrdiff_t>(until));
    return out;
  }
  static api::HandBackRequest claim(const Told& told) {
    return {.gateway = "web-1", .head = told.head, .before = told.head.hash, .entries = {}};
  }
  api::HandBackAnswer hand_back(const api::HandBackRequest& request, std::string_view gateway = "web-1") {
    const auto answer = taking_->hand_back(request, std::string(gateway));
    EXPECT_TRUE(answer) << answer.error().text();
    return answer.value_or(api::HandBackAnswer{.next = -1});
  }
  // All entries beyond `common`, so many a page; what became of the last page.
  Outcome hand_back_all(const Told& told, std::size_t common, std::size_t size) {
    auto outcome = Outcome::go_on;
    for (std::size_t until = told.entries.size(); until > common;) {
      const std::size_t after = until - std::min(size, until - common);
      outcome = hand_back(page(told, after, until)).outcome;
      until = after;
    }
    return outcome;
  }
  Code refusal(const api::HandBackRequest& request) { return code_of(taking_->hand_back(request, "web-1")); }
  bool behind() const {
    const Status status = taking_->check();
    return !status && status.error().code == Code::ledger_behind;
  }
  bool alarmed(Code code) const {
    return std::ranges::any_of(taking_->alarms(), [&](const Error& one) { return one.code == code; });
  }

  Home home_;
  const StateLayout layout_{home_.folder.path() / "state"};
  const Path path_ = layout_.ledger();
  const Path copy_ = home_.folder.path() / "copy.db";
  ledger::IssuerId issuer_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<FeedHistory> history_;
  std::unique_ptr<HeadSigner> signer_;
  std::unique_ptr<TakingBack> taking_;
};

TEST_F(TakingBackTest, WhatAGatewayKnowsComesBackAsItWas) {
  revoke(0, 2);
  backup();
  revoke(2, 3);
  const Told before = told();
  restore();
  EXPECT_FALSE(behind()) << "nobody has shown anything yet";
  const auto shown = hand_back(claim(before));
  EXPECT_EQ(shown.outcome, Outcome::go_on);
  EXPECT_EQ(shown.next, 5);
  EXPECT_TRUE(behind());
  EXPECT_TRUE(alarmed(Code::ledger_behind));
  const auto done = hand_back(page(before, 2, 5));
  EXPECT_EQ(done.outcome, Outcome::done);
  EXPECT_EQ(done.taken, 3);
  EXPECT_FALSE(behind());
  EXPECT_TRUE(taking_->alarms().empty());
  EXPECT_EQ(history_->newest().value(), before.places.back()) << "the very same feed";
  EXPECT_TRUE(ledger_->verify({}));
  EXPECT_EQ(hand_back(page(before, 2, 5)).outcome, Outcome::done) << "again: nothing is entered twice";
  EXPECT_EQ(revoked().size(), 5U);
}

TEST_F(TakingBackTest, PagesComeFromTheNewestBackwards) {
  revoke(0, 1);
  backup();
  revoke(1, 9);
  const Told before = told();
  restore();
  EXPECT_EQ(hand_back(page(before, 1, 5)).next, 10) << "not the one that is expected: nothing is taken";
  EXPECT_EQ(revoked().size(), 1U);
  auto answer = hand_back(page(before, 7, 10));
  EXPECT_EQ(answer.outcome, Outcome::go_on);
  EXPECT_EQ(answer.next, 7);
  EXPECT_EQ(answer.taken, 3);
  EXPECT_TRUE(behind());
  answer = hand_back(page(before, 3, 7));
  EXPECT_EQ(answer.next, 3);
  EXPECT_TRUE(behind());
  answer = hand_back(page(before, 0, 3));
  EXPECT_EQ(answer.outcome, Outcome::done);
  EXPECT_EQ(answer.taken, 2) << "one was never lost";
  EXPECT_FALSE(behind());
  EXPECT_TRUE(has_all(0, 10));
}

// Both sets of revocations are kept.
TEST_F(TakingBackTest, ALedgerThatHasGoneOnTakesThemBackToo) {
  revoke(0, 2);
  backup();
  revoke(2, 4);
  const Told before = told();
  restore();
  revoke(100, 5);
  EXPECT_EQ(hand_back(claim(before)).outcome, Outcome::go_on);
  EXPECT_EQ(hand_back(page(before, 2, 6)).outcome, Outcome::done);
  EXPECT_TRUE(has_all(0, 6));
  EXPECT_TRUE(has_all(100, 5));
  EXPECT_TRUE(ledger_->verify({}));
  EXPECT_EQ(hand_back(claim(before), "web-2").outcome, Outcome::done) << "another one that stands there";
}

TEST_F(TakingBackTest, AnotherGatewayOnTheWayNeedsNothingMore) {
  revoke(0, 1);
  backup();
  revoke(1, 2);
  const Told middle = told();
  revoke(3, 2);
  const Told before = told();
  restore();
  revoke(100);
  EXPECT_EQ(hand_back(claim(middle), "web-2").outcome, Outcome::go_on);
  EXPECT_EQ(hand_back(page(before, 3, 5)).outcome, Outcome::go_on);
  EXPECT_EQ(hand_back(claim(middle), "web-2").outcome, Outcome::go_on) << "the older ones are not taken yet";
  EXPECT_EQ(hand_back(page(before, 1, 3)).outcome, Outcome::done);
  EXPECT_FALSE(behind());
  EXPECT_EQ(hand_back(claim(middle), "web-2").outcome, Outcome::done);
}

TEST_F(TakingBackTest, NothingIsBelievedThatTheHeadDoesNotProve) {
  revoke(0, 2);
  backup();
  revoke(2, 3);
  const Told before = told();
  restore();
  api::HandBackRequest invented = page(before, 2, 5);
  invented.head.count = 6;
  EXPECT_EQ(refusal(invented), Code::feed_entry_not_ours) << "a position";
  invented = page(before, 2, 5);
  invented.head.signature = to_base64(Bytes(70, 0x30));
  EXPECT_EQ(refusal(invented), Code::feed_entry_not_ours);
  EXPECT_FALSE(behind()) << "nobody stops the authority with that";
  EXPECT_TRUE(alarmed(Code::feed_entry_not_ours));

  const auto changed = [&](auto change) {
    api::HandBackRequest request = page(before, 2, 5);
    change(request);
    return refusal(request);
  };
  EXPECT_EQ(changed([](auto& r) { r.entries[1].serial = "bad0"; }), Code::feed_entry_not_ours);
  EXPECT_EQ(changed([](auto& r) { r.entries[1].reason = api::RevocationReason::superseded; }),
            Code::feed_entry_not_ours);
  EXPECT_EQ(changed([](auto& r) { r.entries[0].at.count += 1; }), Code::feed_entry_not_ours);
  EXPECT_EQ(changed([](auto& r) { std::swap(r.entries[0].serial, r.entries[1].serial); }), Code::feed_entry_not_ours);
  EXPECT_EQ(changed([](auto& r) { r.entries.erase(r.entries.begin() + 1); }), Code::feed_entry_not_ours);
  EXPECT_EQ(changed([](auto& r) { r.before = std::string(64, '0'); }), Code::feed_entry_not_ours);
  EXPECT_EQ(changed([](auto& r) { r.before = "x"; }), Code::feed_entry_not_ours);
  EXPECT_EQ(revoked().size(), 2U) << "nothing was entered";
  EXPECT_TRUE(behind()) << "the head was genuine";
  EXPECT_EQ(hand_back(page(before, 2, 5)).outcome, Outcome::done);
  EXPECT_FALSE(alarmed(Code::feed_entry_not_ours));
}

TEST_F(TakingBackTest, AHeadOfOurOwnPastIsNoRollback) {
  revoke(0, 2);
  const Told older = told();
  revoke(2, 2);
  EXPECT_EQ(hand_back(claim(older)).outcome, Outcome::done);
  EXPECT_FALSE(behind());
}

TEST_F(TakingBackTest, AStartDoesNotForgetThatItIsBehind) {
  backup();
  revoke(0, 2);
  const Told before = told();
  restore();
  hand_back(claim(before));
  close();
  open();
  EXPECT_TRUE(behind());
  EXPECT_EQ(hand_back(page(before, 0, 2)).outcome, Outcome::done);
  close();
  open();
  EXPECT_FALSE(behind());
}

TEST_F(TakingBackTest, WhatCannotBeReadThereCountsAsBehindUntilAPersonSaysOtherwise) {
  ASSERT_TRUE(write_file(layout_.heads_behind(), "{\n", {}));
  close();
  open();
  EXPECT_TRUE(behind());
  EXPECT_EQ(taking_->accept_rollback("test").value().outcome, api::RollbackOutcome::accepted);
  EXPECT_FALSE(behind());
  EXPECT_FALSE(std::filesystem::exists(layout_.heads_behind()));
}

TEST_F(TakingBackTest, AnOperatorGivesUpWhatWasSignedUntilThenForGood) {
  backup();
  revoke(0, 2);
  const Told before = told();
  restore();
  EXPECT_EQ(taking_->accept_rollback("test").value().outcome, api::RollbackOutcome::not_behind);
  hand_back(claim(before));
  const auto accepted = taking_->accept_rollback("test").value();
  EXPECT_EQ(accepted.outcome, api::RollbackOutcome::accepted);
  EXPECT_EQ(accepted.heads, 1);
  EXPECT_FALSE(behind());
  EXPECT_EQ(hand_back(claim(before)).outcome, Outcome::given_up);
  EXPECT_EQ(hand_back(page(before, 0, 2)).outcome, Outcome::given_up);
  EXPECT_TRUE(revoked().empty());
  close();
  open();
  EXPECT_EQ(hand_back(claim(before)).outcome, Outcome::given_up) << "after a start, too";
  EXPECT_TRUE(ledger_->verify({}));
  const auto newest = ledger_->audit(ledger_->audit_head()->sequence - 1, 1).value();
  EXPECT_EQ(newest.front().action, "accept_rollback");

  // What is lost after that is another matter.
  home_.clock.set(home_.clock.now() + kHour);
  revoke(10);
  const Told later = told();
  restore();
  EXPECT_EQ(hand_back(claim(later)).outcome, Outcome::go_on);
  EXPECT_TRUE(behind());
}

TEST_F(TakingBackTest, EntriesOfACaThatTheLedgerLacksKeepItBehind) {
  backup();
  must(
      fmt::format("cd {} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key "
                  "-subj /CN=other -outform DER -out other.der",
                  home_.folder.path().string()));
  const auto other = ledger_->add_issuer({.name = "other",
                                          .certificate = to_bytes(as_bytes(home_.folder.get("other.der"))),
                                          .key_reference = {},
                                          .actor = "test"});
  ASSERT_TRUE(other) << other.error().text();
  revoke(0);
  ASSERT_TRUE(
      ledger_->revoke({.issuer = *other, .serial = serial(1), .unknown_serial = ledger::UnknownSerial::accept}));
  const Told before = told();
  restore();
  EXPECT_EQ(refusal(page(before, 0, 2)), Code::issuer_unknown);
  EXPECT_TRUE(has_all(0, 1)) << "the others of the page are taken";
  EXPECT_TRUE(behind());
}

TEST_F(TakingBackTest, APositionWithoutAHeadIsAnErrorThatNamesTheGateway) {
  taking_->claimed("web-7", 41);
  EXPECT_FALSE(behind());
  EXPECT_TRUE(alarmed(Code::feed_entry_not_ours));
  EXPECT_NE(taking_->alarms().front().words.find("web-7"), std::string::npos);
  taking_->in_step("web-7");
  EXPECT_TRUE(alarmed(Code::feed_entry_not_ours)) << "it is said for a while";
  home_.clock.set(home_.clock.now() + kHour);
  taking_->in_step("web-7");
  EXPECT_TRUE(taking_->alarms().empty());
}

// In whatever pages: of what was put on hold or released the newest word counts, also where a start comes in between.
TEST_F(TakingBackTest, TheNewestWordOnAHoldCounts) {
  hold(1);
  backup();
  release(1);
  hold(2);
  release(2);
  hold(3);
  release(3);
  hold(3);
  hold(4);
  release(4);
  revoke(4);
  const Told before = told();
  ASSERT_EQ(before.entries.size(), 10U);
  for (const std::size_t size : {9U, 4U, 2U, 1U}) {
    SCOPED_TRACE(size);
    restore();
    EXPECT_EQ(hand_back_all(before, 1, size), Outcome::done);
    EXPECT_FALSE(behind());
    const auto entries = history_->newest().value().number;
    close();
    open();
    EXPECT_EQ(hand_back_all(before, 1, size), Outcome::done) << "it is shown again";
    EXPECT_EQ(history_->newest().value().number, entries) << "nothing is entered twice";
    EXPECT_TRUE(try_to_release(1).value().already_released);
    EXPECT_EQ(code_of(try_to_release(2)), Code::not_on_hold) << "it came and went";
    EXPECT_FALSE(try_to_release(3).value().already_released) << "it is on hold";
    EXPECT_EQ(code_of(try_to_release(4)), Code::not_on_hold) << "it is revoked for good";
    EXPECT_TRUE(ledger_->verify({}));
  }
}

TEST_F(TakingBackTest, AReleaseThatComesBackIsTheSameEntry) {
  hold(1);
  backup();
  release(1);
  const Told before = told();
  restore();
  EXPECT_EQ(hand_back(page(before, 1, 2)).taken, 1);
  EXPECT_EQ(history_->newest().value(), before.places.back());
}

TEST_F(TakingBackTest, AReleaseThatComesBackEndsNoLaterHold) {
  hold(1);
  backup();
  release(1);
  const Told before = told();
  restore();
  release(1);
  hold(1);
  EXPECT_EQ(hand_back_all(before, 1, 1), Outcome::done);
  EXPECT_FALSE(try_to_release(1).value().already_released) << "it is on hold still";
}

}  // namespace
}  // namespace symbolon::authority
