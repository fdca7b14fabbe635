// A ledger whose contents were damaged: it says so, at its path, instead of giving wrong answers.
#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include "ledger/test_support.h"

namespace symbolon::ledger {
namespace {

using namespace test;

class LedgerDamageTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto ledger = SqliteLedger::create(path_, {.clock = &clock_}).value();
    const IssuerId issuer = add_issuer(*ledger);
    issue_many(*ledger, issuer, 3);
    serial_ = ledger->list({}, {}).value().certificates.back().serial;  // of the oldest
  }
  Result<std::unique_ptr<Ledger>> open() { return SqliteLedger::open(path_, {.clock = &clock_}); }
  void tamper(const std::string& statements) {
    SQLite::Database database(path_.string(), SQLite::OPEN_READWRITE);
    database.exec(statements);
  }
  // An index that does not lead to the row 1, as a bad sector leaves it: made for the other rows alone, then renamed.
  void lose_in_index(const std::string& index, const std::string& on) {
    tamper(
        fmt::format("DROP INDEX {0}; CREATE UNIQUE INDEX {0} ON {1} WHERE rowid <> 1; PRAGMA writable_schema=ON;"
                    "UPDATE sqlite_schema SET sql = 'CREATE UNIQUE INDEX {0} ON {1}' WHERE name = '{0}'",
                    index, on));
  }
  template <typename T>
  void expect_corrupt(const Result<T>& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::ledger_corrupt) << result.error().text();
    EXPECT_EQ(result.error().where, path_.string());
  }

  Folder folder_;
  Path path_ = folder_ / "ledger.db";
  TestClock clock_;
  x509::SerialNumber serial_ = x509::SerialNumber::parse("01").value();
};

TEST_F(LedgerDamageTest, AnIndexThatDoesNotLeadToACertificateIsFound) {
  EXPECT_TRUE(open().value()->verify({}));
  lose_in_index("certificates_serial", "certificates (serial, issuer)");
  const auto ledger = open().value();
  expect_corrupt(ledger->verify({}));
  expect_corrupt(ledger->find(serial_.hex(), 10));
}

TEST_F(LedgerDamageTest, AnIndexThatDoesNotLeadToARevocationIsFound) {
  ASSERT_TRUE(open().value()->revoke({.issuer = {1}, .serial = serial_}));
  lose_in_index("revocations_serial", "revocations (serial, issuer)");
  expect_corrupt(open().value()->verify({}));
}

TEST_F(LedgerDamageTest, TextThatIsNoUtf8IsNeverHandedOn) {
  for (const char* column : {"profile", "requester", "subject", "names"}) {
    tamper(fmt::format("UPDATE certificates SET {0} = CAST(x'636cff' AS TEXT) WHERE id = 1", column));
    const auto ledger = open().value();
    expect_corrupt(ledger->list({}, {}));
    expect_corrupt(ledger->find("anything", 10));
    tamper(fmt::format("UPDATE certificates SET {0} = 'whole' WHERE id = 1", column));
  }
}

TEST_F(LedgerDamageTest, ATableThatIsGone) {
  tamper("PRAGMA foreign_keys=OFF; DROP TABLE bodies");
  expect_corrupt(open());
}

}  // namespace
}  // namespace symbolon::ledger
