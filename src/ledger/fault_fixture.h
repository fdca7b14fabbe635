// The fixture of what disks, files, clocks and other processes can do to a ledger.
#pragma once

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ledger/test_support.h"

namespace symbolon::ledger::test {

class LedgerFaultTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Ledger>> create() { return SqliteLedger::create(path_, {.clock = &clock_}); }
  Result<std::unique_ptr<Ledger>> open() { return SqliteLedger::open(path_, {.clock = &clock_}); }
  // A ledger with so many certificates, closed.
  void fill(int certificates) {
    const auto ledger = create().value();
    const IssuerId issuer = add_issuer(*ledger);
    issue_many(*ledger, issuer, certificates);
  }
  void tamper(const std::string& statements) {
    SQLite::Database database(path_.string(), SQLite::OPEN_READWRITE);
    database.exec(statements);
  }

  Folder folder_;
  Path path_ = folder_ / "ledger.db";
  TestClock clock_;
};

}  // namespace symbolon::ledger::test
