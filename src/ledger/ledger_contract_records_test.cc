// What every engine of the ledger must hold: revocations, the clock, the audit chain, answers. ledger_contract_test.cc
// says for which engines.
#include <gtest/gtest.h>

#include <future>

#include "ledger/contract_fixture.h"

namespace symbolon::ledger {
namespace {

using namespace test;

// -- revocation -----------------------------------------------------------------------------------------------------

TEST_P(LedgerContract, RevocationsAreNumberedInOrderAndStay) {
  const NewIntent a = intent("a.example");
  const NewIntent b = intent("b.example");
  issue(*ledger_, a);
  issue(*ledger_, b);
  clock_.set(kNow + kHour);
  const RevocationOutcome first = ledger_
                                      ->revoke({.issuer = issuer_,
                                                .serial = b.serial,
                                                .reason = RevocationReason::key_compromise,
                                                .invalid_since = kNow,
                                                .actor = "root"})
                                      .value();
  const RevocationOutcome second = ledger_->revoke({.issuer = issuer_, .serial = a.serial}).value();
  EXPECT_EQ(first.revocation.sequence, 1U);
  EXPECT_EQ(second.revocation.sequence, 2U);
  reopen();
  std::vector<Revocation> all;
  ASSERT_TRUE(ledger_->revocations(0, [&](const Revocation& each) {
    all.push_back(each);
    return Proceed::yes;
  }));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].serial, b.serial);
  EXPECT_EQ(all[0].reason, RevocationReason::key_compromise);
  EXPECT_EQ(all[0].revoked_at, kNow + kHour);
  EXPECT_EQ(all[0].invalid_since, kNow);
  EXPECT_EQ(all[0].actor, "root");
  EXPECT_EQ(all[1].serial, a.serial);
  EXPECT_EQ(all[1].invalid_since, std::nullopt);
  std::size_t later = 0;
  ASSERT_TRUE(ledger_->revocations(1, [&](const Revocation&) { return ++later, Proceed::yes; }));
  EXPECT_EQ(later, 1U);
  expect_sound();
}

TEST_P(LedgerContract, ASecondRevocationChangesNothingAndSaysSo) {
  const NewIntent a = intent("a.example");
  issue(*ledger_, a);
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = a.serial, .reason = RevocationReason::superseded}));
  clock_.set(kNow + kHour);
  const RevocationOutcome again =
      ledger_->revoke({.issuer = issuer_, .serial = a.serial, .reason = RevocationReason::key_compromise}).value();
  EXPECT_TRUE(again.already_revoked);
  EXPECT_EQ(again.revocation.reason, RevocationReason::superseded);
  EXPECT_EQ(again.revocation.revoked_at, kNow);
  EXPECT_EQ(ledger_->status().value().revocations, 1U);
}

TEST_P(LedgerContract, ReservedAndAbandonedSerialsCanBeRevoked) {
  const NewIntent a = intent("a.example");
  const NewIntent b = intent("b.example");
  const IntentId reserved = ledger_->reserve(a).value();
  ASSERT_TRUE(ledger_->abandon(ledger_->reserve(b).value(), "no"));
  EXPECT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = a.serial}));
  EXPECT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = b.serial}));
  EXPECT_TRUE(record(reserved).revocation.has_value());
  EXPECT_EQ(record(reserved).standing(kNow), "revoked");
  expect_sound();
}

TEST_P(LedgerContract, WhatIsOnHoldCanBeReleasedOrRevokedForGood) {
  const NewIntent a = intent("a.example");
  const CertificateId id = issue(*ledger_, a);
  const auto revoke = [&](RevocationReason reason) {
    return ledger_->revoke({.issuer = issuer_, .serial = a.serial, .reason = reason, .actor = "bob"});
  };
  const auto release = [&] { return ledger_->release({.issuer = issuer_, .serial = a.serial, .actor = "carol"}); };
  const auto now = [&] { return ledger_->serial_statuses({issuer_}, {a.serial}).value()[0]; };
  EXPECT_EQ(code_of(release()), Code::not_on_hold);
  EXPECT_EQ(code_of(revoke(RevocationReason::remove_from_crl)), Code::bad_request);

  EXPECT_FALSE(revoke(RevocationReason::certificate_hold).value().already_revoked);
  EXPECT_TRUE(revoke(RevocationReason::certificate_hold).value().already_revoked);
  EXPECT_EQ(now(), (SerialStatus{SerialStanding::revoked, kNow, RevocationReason::certificate_hold}));
  EXPECT_EQ(ledger_->status().value().revoked, 1U);
  clock_.set(kNow + kHour);
  const ReleaseOutcome released = release().value();
  EXPECT_FALSE(released.already_released);
  EXPECT_EQ(released.release.sequence, 2U);
  EXPECT_EQ(released.release.revoked_at, kNow + kHour);
  EXPECT_EQ(released.release.certificate, id);
  EXPECT_EQ(now().standing, SerialStanding::issued);
  EXPECT_FALSE(record(id).revocation);
  EXPECT_EQ(ledger_->status().value().revoked, 0U);
  EXPECT_EQ(ledger_->list(parse_query("state:valid", kNow).value(), {}).value().certificates.size(), 1U);
  EXPECT_TRUE(release().value().already_released);
  EXPECT_EQ(ledger_->status().value().revocations, 2U);
  EXPECT_TRUE(ledger_->release({.issuer = issuer_, .serial = a.serial, .released_at = kNow}).value().already_released);

  EXPECT_FALSE(revoke(RevocationReason::certificate_hold).value().already_revoked);
  clock_.set(kNow + kDay);
  const Revocation gone = revoke(RevocationReason::key_compromise).value().revocation;
  EXPECT_EQ(gone.sequence, 4U);
  EXPECT_EQ(gone.revoked_at, kNow + kHour) << "when it was put on hold";
  EXPECT_EQ(now().reason, RevocationReason::key_compromise);
  EXPECT_TRUE(revoke(RevocationReason::certificate_hold).value().already_revoked);
  EXPECT_TRUE(revoke(RevocationReason::superseded).value().already_revoked);
  EXPECT_EQ(code_of(release()), Code::not_on_hold);
  EXPECT_EQ(record(id).revocation->reason, RevocationReason::key_compromise);
  EXPECT_EQ(ledger_->status().value().revoked, 1U);
  std::vector<std::string> actions;
  const auto entries = ledger_->audit(0, 100).value();
  for (const AuditEntry& entry : entries) {
    if (entry.action == "revoke" || entry.action == "release") actions.push_back(entry.actor + " " + entry.action);
  }
  EXPECT_EQ(actions, (std::vector<std::string>{"bob revoke", "carol release", "bob revoke", "bob revoke"}));
  expect_sound();
}

TEST_P(LedgerContract, AnIntentOnHoldIsUnfinishedAgainWhenItIsReleased) {
  const NewIntent a = intent("a.example");
  ASSERT_TRUE(ledger_->reserve(a));
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = a.serial, .reason = RevocationReason::certificate_hold}));
  EXPECT_EQ(ledger_->unfinished().value().size(), 0U);
  EXPECT_EQ(ledger_->status().value().unfinished, 0U);
  ASSERT_TRUE(ledger_->release({.issuer = issuer_, .serial = a.serial}));
  EXPECT_EQ(ledger_->unfinished().value().size(), 1U);
  EXPECT_EQ(ledger_->status().value().unfinished, 1U);
}

TEST_P(LedgerContract, AnUnknownSerialIsRevokedOnlyWhenThatIsSaid) {
  const x509::SerialNumber foreign = x509::SerialNumber::parse("0a1b").value();
  EXPECT_EQ(code_of(ledger_->revoke({.issuer = issuer_, .serial = foreign})), Code::not_found);
  const RevocationOutcome outcome =
      ledger_->revoke({.issuer = issuer_, .serial = foreign, .unknown_serial = UnknownSerial::accept}).value();
  EXPECT_EQ(outcome.revocation.certificate, std::nullopt);
  expect_sound();
}

TEST_P(LedgerContract, SaysOfSerialsWhetherTheyAreIssuedOrRevoked) {
  const NewIntent issued = intent("a.example");
  const NewIntent reserved = intent("b.example");
  const NewIntent abandoned = intent("c.example");
  const NewIntent revoked = intent("d.example");
  const x509::SerialNumber foreign = x509::SerialNumber::parse("0a1b").value();
  issue(*ledger_, issued);
  ASSERT_TRUE(ledger_->reserve(reserved));
  ASSERT_TRUE(ledger_->abandon(ledger_->reserve(abandoned).value(), "no"));
  issue(*ledger_, revoked);
  ASSERT_TRUE(
      ledger_->revoke({.issuer = issuer_, .serial = revoked.serial, .reason = RevocationReason::key_compromise}));
  clock_.set(kNow + kHour);
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = foreign, .unknown_serial = UnknownSerial::accept}));

  const SerialStatus none;
  const auto statuses = ledger_->serial_statuses(
      {issuer_}, {revoked.serial, issued.serial, reserved.serial, abandoned.serial, foreign, {}, issued.serial});
  ASSERT_TRUE(statuses) << statuses.error().text();
  EXPECT_EQ(*statuses,
            (std::vector<SerialStatus>{{SerialStanding::revoked, kNow, RevocationReason::key_compromise},
                                       {.standing = SerialStanding::issued},
                                       none,
                                       none,
                                       {SerialStanding::revoked, kNow + kHour, RevocationReason::unspecified},
                                       none,
                                       {.standing = SerialStanding::issued}}));
  EXPECT_EQ(ledger_->serial_statuses({}, {issued.serial}).value(), std::vector{none});
}

// A CA that was renewed with its key: a certificate of either is one of both.
TEST_P(LedgerContract, ASerialIsLookedForUnderEachCertificateOfACa) {
  const IssuerId older = add_issuer(*ledger_, "Issuing CA, before");
  NewIntent a = intent("a.example");
  a.issuer = older;
  issue(*ledger_, a);
  const std::vector<IssuerId> both{issuer_, older};
  EXPECT_EQ(ledger_->serial_statuses({issuer_}, {a.serial}).value()[0].standing, SerialStanding::unknown);
  EXPECT_EQ(ledger_->serial_statuses(both, {a.serial}).value()[0].standing, SerialStanding::issued);
  // Revoked under both: the older revocation counts.
  ASSERT_TRUE(ledger_->revoke({.issuer = older, .serial = a.serial, .reason = RevocationReason::superseded}));
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = a.serial, .unknown_serial = UnknownSerial::accept}));
  EXPECT_EQ(ledger_->serial_statuses(both, {a.serial}).value()[0].reason, RevocationReason::superseded);
  EXPECT_EQ(ledger_->serial_statuses({issuer_}, {a.serial}).value()[0].reason, RevocationReason::unspecified);
}

TEST_P(LedgerContract, WhoHasTheAnswerKnowsThatTheHooksHaveRun) {
  std::vector<Revocation> told;
  ledger_->on_revocation([&](const Revocation& each) { told.push_back(each); });
  const NewIntent a = intent("a.example");
  issue(*ledger_, a);
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = a.serial}));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].serial, a.serial);
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = a.serial}));
  EXPECT_EQ(told.size(), 1U);
}

// -- the clock ------------------------------------------------------------------------------------------------------

TEST_P(LedgerContract, NothingIsReservedWhileTheClockIsSetBackButRevokingWorks) {
  const NewIntent a = intent("a.example");
  issue(*ledger_, a);
  clock_.set(kNow - kClockTolerance - Seconds{1});
  EXPECT_EQ(code_of(ledger_->reserve(intent("b.example"))), Code::clock_set_back);
  EXPECT_TRUE(ledger_->status().value().clock_set_back);
  EXPECT_EQ(ledger_->revoke({.issuer = issuer_, .serial = a.serial}).value().revocation.revoked_at, kNow);
  clock_.set(kNow - kClockTolerance);
  EXPECT_TRUE(ledger_->reserve(intent("c.example")));
  expect_sound();
}

TEST_P(LedgerContract, AClockThatRanAheadCanBeCorrected) {
  clock_.set(kNow + kDay * 3650);
  issue(*ledger_, intent("a.example"));
  clock_.set(kNow);
  EXPECT_EQ(code_of(ledger_->reserve(intent("b.example"))), Code::clock_set_back);
  ASSERT_TRUE(ledger_->accept_clock("root"));
  EXPECT_TRUE(ledger_->reserve(intent("b.example")));
  reopen();
  EXPECT_TRUE(ledger_->reserve(intent("c.example")));
  expect_sound();
}

// -- audit ----------------------------------------------------------------------------------------------------------

TEST_P(LedgerContract, EveryChangeHasItsEntry) {
  const NewIntent a = intent("a.example");
  issue(*ledger_, a);
  ASSERT_TRUE(ledger_->abandon(ledger_->reserve(intent("b.example")).value(), "no \"key\"\n"));
  ASSERT_TRUE(ledger_->revoke({.issuer = issuer_, .serial = a.serial, .actor = "root"}));
  ASSERT_TRUE(ledger_->note({.actor = "root", .action = "reload", .details = "{}"}));
  const std::vector<AuditEntry> entries = ledger_->audit(0, 100).value();
  std::vector<std::string> actions;
  for (const AuditEntry& each : entries) actions.push_back(each.action);
  EXPECT_EQ(actions, (std::vector<std::string>{"create", "add_issuer", "reserve", "issue", "reserve", "abandon",
                                               "revoke", "reload"}));
  EXPECT_EQ(entries[2].actor, "alice");
  EXPECT_EQ(entries[5].details, fmt::format(R"({{"serial":"{}","why":"no \"key\"\u000a"}})", record({2}).serial.hex()));
  EXPECT_EQ(ledger_->audit_head().value().sequence, 8U);
  EXPECT_EQ(ledger_->audit_head().value().hash, entries.back().hash);
  EXPECT_EQ(ledger_->audit(6, 1).value().at(0).sequence, 7U);
  expect_sound();
}

TEST_P(LedgerContract, ANoteCannotClaimWhatOnlyTheLedgerDoes) {
  EXPECT_EQ(code_of(ledger_->note({.actor = "mallory", .action = "issue"})), Code::bad_request);
}

TEST_P(LedgerContract, VerificationShowsItsProgressAndCanBeStopped) {
  for (int n = 0; n < 10; ++n) issue(*ledger_, intent("a.example"));
  std::uint64_t last = 0;
  const VerifyReport report = ledger_
                                  ->verify([&](std::uint64_t done, std::uint64_t total) {
                                    EXPECT_LE(done, total);
                                    last = done;
                                    return Proceed::yes;
                                  })
                                  .value();
  EXPECT_EQ(last, report.head.sequence);
  EXPECT_EQ(report.certificates, 10U);
  EXPECT_EQ(code_of(ledger_->verify([](auto, auto) { return Proceed::no; })), Code::cancelled);
}

// -- the asynchronous form ------------------------------------------------------------------------------------------

TEST_P(LedgerContract, TheCallbackComesAfterTheCommit) {
  std::promise<Result<IntentId>> answered;
  const NewIntent a = intent("a.example");
  ledger_->reserve_async(a, [&](Result<IntentId> id) { answered.set_value(std::move(id)); });
  const Result<IntentId> id = answered.get_future().get();
  ASSERT_TRUE(id);
  EXPECT_EQ(record(*id).serial, a.serial);
}

TEST_P(LedgerContract, WhatWaitsIsAnsweredBeforeTheLedgerCloses) {
  std::atomic<int> answers = 0;
  for (int n = 0; n < 500; ++n) {
    ledger_->reserve_async(intent("a.example"), [&](Result<IntentId> id) { answers += id ? 1 : 0; });
  }
  reopen();
  EXPECT_EQ(answers, 500);
  EXPECT_EQ(ledger_->unfinished().value().size(), 500U);
}

}  // namespace
}  // namespace symbolon::ledger
