#include "authority/feed_history.h"

#include <gtest/gtest.h>

#include "authority/testing.h"
#include "ledger/sqlite_ledger.h"

namespace symbolon::authority {
namespace {

using namespace testing;

class FeedHistoryTest : public ::testing::Test {
 protected:
  FeedHistoryTest() {
    home_.authority.reset();
    ledger_ = ledger::SqliteLedger::open(home_.folder.path() / "state" / "ledger.db", {.clock = &home_.clock}).value();
    const auto issuers = ledger_->issuers().value();
    for (const ledger::Issuer& issuer : issuers) {
      if (issuer.name == kIssuingName) issuer_ = issuer.id;
    }
  }
  ledger::NewRevocation another() {
    return {.issuer = issuer_,
            .serial = x509::SerialNumber::parse(fmt::format("{:06x}", 0x100000 + next_++)).value(),
            .unknown_serial = ledger::UnknownSerial::accept};
  }
  // They are answered in their order.
  void revoke(int count) {
    for (int i = 1; i < count; ++i) ledger_->revoke_async(another(), [](const auto& done) { EXPECT_TRUE(done); });
    ASSERT_TRUE(ledger_->revoke(another()));
  }
  Home home_;
  std::unique_ptr<ledger::Ledger> ledger_;
  ledger::IssuerId issuer_;
  int next_ = 0;
};

TEST_F(FeedHistoryTest, KnowsEveryPlaceHoweverFarBack) {
  constexpr int kMany = static_cast<int>(FeedHistory::kRecent + 2 * FeedHistory::kStep) + 500;
  FeedHistory history(*ledger_);
  EXPECT_EQ(history.newest().value(), revocation::FeedPoint());
  revoke(kMany);
  revocation::FeedPoint point;
  std::vector<revocation::FeedPoint> all{point};
  const auto octets = history.issuer_octets(issuer_).value();
  ASSERT_TRUE(ledger_->revocations(0, [&](const ledger::Revocation& revocation) {
    point.add(chain_entry_of(revocation, octets));
    all.push_back(point);
    return ledger::Proceed::yes;
  }));
  for (const std::size_t number :
       {std::size_t{0}, std::size_t{1}, std::size_t{1023}, std::size_t{1024}, std::size_t{1025}, std::size_t{2048},
        std::size_t{2547}, std::size_t{2548}, std::size_t{2549}, std::size_t{4096}, all.size() - 2, all.size() - 1}) {
    EXPECT_EQ(history.at(number).value(), all[number]) << number;
  }
  EXPECT_EQ(code_of(history.at(all.size())), Code::not_found);
  EXPECT_TRUE(history.has(all[7]).value());
  EXPECT_FALSE(history.has({7, all[8].hash}).value());
  EXPECT_FALSE(history.has({all.size(), all[8].hash}).value());
}

TEST_F(FeedHistoryTest, ItsPastReachesBackToTheBeginningInSteps) {
  FeedHistory history(*ledger_);
  revoke(10);
  std::vector<std::int64_t> numbers;
  const auto past = history.past().value();
  for (const api::FeedMark& mark : past) {
    numbers.push_back(mark.number);
    EXPECT_EQ(mark.hash, to_hex(history.at(static_cast<std::uint64_t>(mark.number))->hash));
  }
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{10, 9, 8, 6, 2, 0}));
}

}  // namespace
}  // namespace symbolon::authority
