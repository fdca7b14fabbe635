// Changes that need two persons: asked for by one, approved by another, used once; and all of it in the audit chain.
#include <gtest/gtest.h>

#include "ledger/audit_chain.h"
#include "ledger/sql.h"
#include "ledger/test_support.h"

namespace symbolon::ledger {
namespace {

using namespace test;

class LedgerChanges : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    ledger_.reset();
    const Path path = folder_ / "ledger.db";
    auto opened = std::filesystem::exists(path) ? SqliteLedger::open(path, {.clock = &clock_})
                                                : SqliteLedger::create(path, {.clock = &clock_});
    ASSERT_TRUE(opened) << opened.error().text();
    ledger_ = std::move(*opened);
  }
  static NewChange asked(std::string_view what, std::string actor = "alice") {
    return {.kind = "profile", .what = std::string(what), .digest = crypto::sha256(as_bytes(what)), .actor = actor};
  }
  Code verified() {
    const auto report = ledger_->verify({});
    return report ? Code::usage : report.error().code;
  }
  template <typename T>
  static Code code_of(const Result<T>& result) {
    return result ? Code::usage : result.error().code;
  }

  Folder folder_;
  TestClock clock_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerChanges, AreAskedForApprovedByAnotherAndUsedOnce) {
  const Change change = ledger_->ask_change(asked("a")).value();
  EXPECT_EQ(ledger_->ask_change(asked("a")).value().id, change.id);
  EXPECT_NE(ledger_->ask_change(asked("b")).value().id, change.id);
  EXPECT_EQ(code_of(ledger_->use_change(change.id, "alice")), Code::approval_needed);
  EXPECT_EQ(code_of(ledger_->approve_change(change.id, "alice")), Code::same_person);
  EXPECT_EQ(code_of(ledger_->approve_change({99}, "bob")), Code::not_found);
  reopen();
  const Change approved = ledger_->approve_change(change.id, "bob").value();
  EXPECT_EQ(approved.approved_by, "bob");
  clock_.set(kNow + kDay);
  EXPECT_EQ(ledger_->approve_change(change.id, "carol").value().approved_by, "bob");
  EXPECT_EQ(ledger_->find_change(change.digest).value()->approved_at, kNow);
  EXPECT_EQ(ledger_->use_change(change.id, "alice").value().used_at, kNow + kDay);
  EXPECT_EQ(code_of(ledger_->use_change(change.id, "alice")), Code::already_exists);
  const Change again = ledger_->ask_change(asked("a")).value();
  EXPECT_NE(again.id, change.id);
  EXPECT_EQ(again.approved_by, std::nullopt);
  reopen();
  EXPECT_EQ(ledger_->changes(2).value().size(), 2U);
  EXPECT_EQ(ledger_->changes(10).value().front().id, again.id);
  EXPECT_EQ(verified(), Code::usage);
}

TEST_F(LedgerChanges, WhoMakesAnApprovalUpIsFound) {
  const Change change = ledger_->ask_change(asked("a")).value();
  ASSERT_TRUE(ledger_->approve_change(ledger_->ask_change(asked("b")).value().id, "bob"));
  EXPECT_EQ(verified(), Code::usage);
  ledger_.reset();
  {
    auto connection = sql::Connection::open(folder_ / "ledger.db", sql::Access::write);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection->execute(
        fmt::format("UPDATE changes SET approved_by = 'bob', approved_at = 1 WHERE id = {}", change.id.value)));
  }
  reopen();
  EXPECT_EQ(verified(), Code::audit_broken);
}

TEST_F(LedgerChanges, NoNoteClaimsToBeOne) {
  for (const char* const action : {"ask_change", "approve_change", "use_change"}) {
    EXPECT_EQ(code_of(ledger_->note({.actor = "mallory", .action = action})), Code::bad_request);
  }
}

}  // namespace
}  // namespace symbolon::ledger
