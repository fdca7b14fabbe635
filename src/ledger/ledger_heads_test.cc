// Heads that were kept elsewhere show what happened to the chain since; what a restored backup gave up stands in it.
#include <gtest/gtest.h>

#include "ledger/audit_chain.h"
#include "ledger/intent_reader.h"
#include "ledger/sql.h"
#include "ledger/sqlite_rows.h"
#include "ledger/test_support.h"

namespace symbolon::ledger {
namespace {

using namespace test;

class LedgerHeads : public testing::Test {
 protected:
  void SetUp() override {
    open();
    for (int i = 0; i < 5; ++i) note(i);
  }
  void open() {
    ledger_.reset();
    const Path path = folder_ / "ledger.db";
    auto opened = std::filesystem::exists(path) ? SqliteLedger::open(path, {.clock = &clock_})
                                                : SqliteLedger::create(path, {.clock = &clock_});
    ASSERT_TRUE(opened) << opened.error().text();
    ledger_ = std::move(*opened);
  }
  void note(int number) { ASSERT_TRUE(ledger_->note({.actor = "root", .action = fmt::format("note-{}", number)})); }
  Code against(const std::optional<AuditHead>& head) {
    const auto report = ledger_->verify({}, head);
    return report ? Code::usage : report.error().code;
  }
  // By other means than ours, while nobody has the ledger.
  void tamper(const std::function<void(sql::Connection&)>& change) {
    ledger_.reset();
    auto connection = sql::Connection::open(folder_ / "ledger.db", sql::Access::write);
    ASSERT_TRUE(connection);
    change(*connection);
  }
  static void execute(sql::Connection& connection, std::string_view statement) {
    const Status done = connection.execute(statement);
    ASSERT_TRUE(done) << done.error().text();
  }
  // The whole chain from `first` on is made to fit again: whoever can write the file can.
  static void hash_again(sql::Connection& connection, std::int64_t first) {
    auto rows = connection.prepare(
        fmt::format("SELECT {} FROM audit WHERE sequence >= {} ORDER BY sequence", kAuditColumns, first - 1));
    ASSERT_TRUE(rows);
    std::vector<AuditEntry> entries;
    ASSERT_TRUE(rows->start());
    while (rows->step().value()) entries.push_back(read_audit_entry(*rows).value());
    for (std::size_t i = 1; i < entries.size(); ++i) {
      entries[i].hash = audit_hash(entries[i - 1].hash, entries[i]);
      auto update = connection.prepare("UPDATE audit SET hash = ?2 WHERE sequence = ?1");
      ASSERT_TRUE(update);
      ASSERT_TRUE(update->run(static_cast<std::int64_t>(entries[i].sequence), entries[i].hash));
    }
  }

  Folder folder_;
  TestClock clock_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerHeads, AreHeldByTheChainThatGoesOn) {
  const AuditHead head = ledger_->audit_head().value();
  EXPECT_EQ(against(head), Code::usage);
  note(6);
  EXPECT_EQ(against(head), Code::usage);
  EXPECT_EQ(against(std::nullopt), Code::usage);
  AuditHead other = head;
  other.hash[0] ^= 1;
  EXPECT_EQ(against(other), Code::audit_head_mismatch);
  other = head;
  other.sequence = 0;
  EXPECT_EQ(against(other), Code::audit_head_mismatch);
}

TEST_F(LedgerHeads, ShowThatEntriesWereCutOff) {
  const AuditHead head = ledger_->audit_head().value();
  tamper([](sql::Connection& connection) { execute(connection, "DELETE FROM audit WHERE sequence > 4"); });
  open();
  EXPECT_EQ(against(std::nullopt), Code::usage) << "the rest is a whole chain";
  EXPECT_EQ(against(head), Code::audit_head_mismatch);
  for (int i = 0; i < 5; ++i) note(10 + i);
  EXPECT_EQ(against(head), Code::audit_head_mismatch) << "others in their place";
}

TEST_F(LedgerHeads, ShowThatTheChainWasRewritten) {
  const AuditHead head = ledger_->audit_head().value();
  tamper([](sql::Connection& connection) {
    execute(connection, "UPDATE audit SET actor = 'nobody' WHERE sequence = 3");
    hash_again(connection, 3);
  });
  open();
  EXPECT_EQ(against(std::nullopt), Code::usage) << "it fits itself";
  EXPECT_EQ(against(head), Code::audit_head_mismatch);
}

TEST_F(LedgerHeads, AChangedEntryIsABrokenChainAsBefore) {
  const AuditHead head = ledger_->audit_head().value();
  for (int i = 0; i < 150; ++i) note(i);  // the newest ones are looked at when it is opened
  tamper(
      [](sql::Connection& connection) { execute(connection, "UPDATE audit SET actor = 'nobody' WHERE sequence = 3"); });
  open();
  EXPECT_EQ(against(head), Code::audit_broken);
}

TEST_F(LedgerHeads, WhatWasGivenUpStandsInTheChain) {
  EXPECT_EQ(ledger_->rollback_accepted().value(), std::nullopt);
  ASSERT_TRUE(ledger_->accept_rollback(kNow + kHour, "root"));
  ASSERT_TRUE(ledger_->accept_rollback(kNow + kDay, "root"));
  EXPECT_EQ(against(std::nullopt), Code::usage);
  open();
  EXPECT_EQ(ledger_->rollback_accepted().value(), kNow + kDay);
  const auto newest = ledger_->audit(ledger_->audit_head()->sequence - 1, 1).value().front();
  EXPECT_EQ(newest.action, "accept_rollback");
  EXPECT_EQ(newest.actor, "root");
  EXPECT_FALSE(ledger_->note({.actor = "mallory", .action = "accept_rollback"}));
  tamper([](sql::Connection& connection) { execute(connection, "DELETE FROM meta WHERE key = 'rollback_accepted'"); });
  open();
  EXPECT_EQ(against(std::nullopt), Code::audit_broken);
}

// Of a ledger that is lost: the revocation has its own time, its entry the one of now.
TEST_F(LedgerHeads, ARevocationThatIsTakenBackKeepsItsTime) {
  const IssuerId issuer = add_issuer(*ledger_);
  const auto done = ledger_->revoke({.issuer = issuer,
                                     .serial = x509::SerialNumber::parse("0a").value(),
                                     .actor = "gateway",
                                     .unknown_serial = UnknownSerial::accept,
                                     .revoked_at = kNow - kDay});
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->revocation.revoked_at, kNow - kDay);
  EXPECT_EQ(against(std::nullopt), Code::usage);
  const auto reader = IntentReader::open(folder_ / "ledger.db", 1);
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->audit_head()->time, kNow);
  EXPECT_EQ((*reader)->audit((*reader)->audit_head()->sequence - 1, 5)->size(), 1U);
}

TEST_F(LedgerHeads, AReleaseThatIsTakenBackKeepsItsTimeAndEndsNoLaterHold) {
  const IssuerId issuer = add_issuer(*ledger_);
  const auto serial = x509::SerialNumber::parse("0a").value();
  const auto hold = [&](UnixSeconds at) {
    return ledger_->revoke({.issuer = issuer,
                            .serial = serial,
                            .reason = RevocationReason::certificate_hold,
                            .unknown_serial = UnknownSerial::accept,
                            .revoked_at = at});
  };
  const auto release = [&](UnixSeconds at) {
    return ledger_->release({.issuer = issuer, .serial = serial, .released_at = at});
  };
  ASSERT_TRUE(hold(kNow - kDay));
  const auto earlier = release(kNow - kDay - Seconds{1});
  ASSERT_FALSE(earlier);
  EXPECT_EQ(earlier.error().code, Code::not_on_hold);
  EXPECT_EQ(release(kNow - kDay)->release.revoked_at, kNow - kDay);
  ASSERT_TRUE(hold(kNow));
  EXPECT_FALSE(release(kNow - Seconds{1}));
  EXPECT_EQ(against(std::nullopt), Code::usage);
}

}  // namespace
}  // namespace symbolon::ledger
