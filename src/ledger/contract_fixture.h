// The fixture of the contract that every engine of the ledger must hold.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "ledger/test_support.h"

namespace symbolon::ledger::test {

// One engine, with a place of its own.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::unique_ptr<Ledger> make(const Clock& clock) = 0;
  virtual std::unique_ptr<Ledger> open_again(const Clock& clock) = 0;
};

class SqliteEngine final : public Engine {
 public:
  std::unique_ptr<Ledger> make(const Clock& clock) override {
    return value(SqliteLedger::create(folder_ / "ledger.db", {.clock = &clock}));
  }
  std::unique_ptr<Ledger> open_again(const Clock& clock) override {
    return value(SqliteLedger::open(folder_ / "ledger.db", {.clock = &clock}));
  }

 private:
  static std::unique_ptr<Ledger> value(Result<std::unique_ptr<Ledger>> ledger) {
    EXPECT_TRUE(ledger) << (ledger ? "" : ledger.error().text());
    return ledger ? std::move(*ledger) : nullptr;
  }
  Folder folder_;
};

using MakeEngine = std::unique_ptr<Engine> (*)();

class LedgerContract : public testing::TestWithParam<MakeEngine> {
 protected:
  void SetUp() override {
    ledger_ = engine_->make(clock_);
    ASSERT_NE(ledger_, nullptr);
    issuer_ = add_issuer(*ledger_);
    serials_.emplace(ledger_->instance_prefix());
  }
  void reopen() {
    ledger_.reset();
    ledger_ = engine_->open_again(clock_);
    ASSERT_NE(ledger_, nullptr);
  }
  NewIntent intent(std::string_view host) { return intent_for(issuer_, serials_->draw(), host); }
  CertificateRecord record(CertificateId id) {
    const Result<CertificateRecord> found = ledger_->certificate(id);
    EXPECT_TRUE(found) << (found ? "" : found.error().text());
    return found.value_or(CertificateRecord{});
  }
  void expect_sound() {
    const Result<VerifyReport> report = ledger_->verify({});
    EXPECT_TRUE(report) << (report ? "" : report.error().text());
  }

  TestClock clock_;
  std::unique_ptr<Engine> engine_ = GetParam()();
  std::unique_ptr<Ledger> ledger_;
  IssuerId issuer_;
  std::optional<SerialAllocator> serials_;
};

}  // namespace symbolon::ledger::test
