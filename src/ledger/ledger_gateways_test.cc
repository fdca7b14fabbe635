// Gateways that revocations must reach: added once, forgotten by somebody; and all of it in the audit chain.
#include <gtest/gtest.h>

#include "ledger/audit_chain.h"
#include "ledger/sql.h"
#include "ledger/test_support.h"

namespace symbolon::ledger {
namespace {

using namespace test;

class LedgerGateways : public testing::Test {
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

TEST_F(LedgerGateways, CountFromTheirFirstDayUntilTheyAreForgotten) {
  EXPECT_TRUE(ledger_->gateways()->empty());
  EXPECT_EQ(ledger_->add_gateway("web-2").value(), (KnownGateway{"web-2", kNow}));
  clock_.set(kNow + kDay);
  EXPECT_EQ(ledger_->add_gateway("web-1").value().since, kNow + kDay);
  EXPECT_EQ(ledger_->add_gateway("web-2").value().since, kNow) << "it is there";
  EXPECT_EQ(ledger_->audit_head()->sequence, 3U);
  reopen();
  EXPECT_EQ(ledger_->gateways().value(), (std::vector<KnownGateway>{{"web-1", kNow + kDay}, {"web-2", kNow}}));
  EXPECT_EQ(verified(), Code::usage);
  EXPECT_EQ(ledger_->forget_gateway("web-2", "root").value().since, kNow);
  EXPECT_EQ(code_of(ledger_->forget_gateway("web-2", "root")), Code::not_found);
  EXPECT_EQ(ledger_->add_gateway("web-2").value().since, kNow + kDay) << "it came back";
  EXPECT_EQ(ledger_->forget_gateway("web-1", "root").value().name, "web-1");
  EXPECT_EQ(ledger_->gateways()->size(), 1U);
  EXPECT_EQ(verified(), Code::usage);
  const AuditEntry last = ledger_->audit(ledger_->audit_head()->sequence - 1, 1).value().front();
  EXPECT_EQ(last.actor, "root");
  EXPECT_EQ(last.action, action::forget_gateway);
  EXPECT_EQ(last.details, R"({"name":"web-1"})");
}

TEST_F(LedgerGateways, WhoTakesOneAwayIsFound) {
  for (const char* const harm :
       {"DELETE FROM gateways WHERE name = 'a'", "UPDATE gateways SET name = 'c' WHERE name = 'a'",
        "INSERT INTO gateways VALUES ('d', 1)"}) {
    ledger_.reset();
    std::filesystem::remove_all(folder_ / "ledger.db");
    for (const char* const rest : {"-wal", "-shm"}) std::filesystem::remove(std::string(folder_ / "ledger.db") + rest);
    reopen();
    ASSERT_TRUE(ledger_->add_gateway("a"));
    ASSERT_TRUE(ledger_->add_gateway("b"));
    EXPECT_EQ(verified(), Code::usage);
    ledger_.reset();
    {
      auto connection = sql::Connection::open(folder_ / "ledger.db", sql::Access::write);
      ASSERT_TRUE(connection);
      ASSERT_TRUE(connection->execute(harm));
    }
    reopen();
    EXPECT_EQ(verified(), Code::audit_broken) << harm;
  }
}

TEST_F(LedgerGateways, NoNoteClaimsToBeOne) {
  for (const char* const action : {"add_gateway", "forget_gateway"})
    EXPECT_EQ(code_of(ledger_->note({.actor = "mallory", .action = action})), Code::bad_request);
}

}  // namespace
}  // namespace symbolon::ledger
