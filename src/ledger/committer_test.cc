#include "ledger/committer.h"

#include <gtest/gtest.h>

#include <future>
#include <semaphore>

namespace symbolon::ledger {
namespace {

// Transactions that fail when they are told to.
class FakeTransactions final : public Transactions {
 public:
  Status begin() override { return ++begun, Status{}; }
  Status commit() override {
    const Status result = std::exchange(next_commit, Status{});
    if (result) ++committed;
    return result;
  }
  void rollback() override { ++rolled_back; }

  Status next_commit;
  int begun = 0;
  int committed = 0;
  int rolled_back = 0;
};

class CommitterTest : public testing::Test {
 protected:
  std::unique_ptr<Committer> start(std::size_t queue_limit = 100) {
    return std::make_unique<Committer>(transactions_, Committer::Options{queue_limit, {}});
  }
  // What the operation is answered.
  template <typename Apply>
  static std::future<Result<int>> submit(Committer& committer, Apply apply) {
    auto answer = std::make_shared<std::promise<Result<int>>>();
    std::future<Result<int>> future = answer->get_future();
    committer.submit(
        make_operation<int>(std::move(apply), Done<int>([answer](Result<int> result) { answer->set_value(result); })));
    return future;
  }
  static Result<int> seven() { return 7; }

  FakeTransactions transactions_;
};

TEST_F(CommitterTest, WhatWaitsTogetherIsCommittedTogether) {
  std::binary_semaphore entered(0);
  std::binary_semaphore go_on(0);
  auto committer = start();
  auto first = submit(*committer, [&]() -> Result<int> {
    entered.release();
    go_on.acquire();
    return 1;
  });
  entered.acquire();
  std::vector<std::future<Result<int>>> others;
  for (int n = 0; n < 10; ++n) others.push_back(submit(*committer, seven));
  go_on.release();
  EXPECT_EQ(first.get().value(), 1);
  for (auto& each : others) EXPECT_EQ(each.get().value(), 7);
  committer.reset();
  EXPECT_EQ(transactions_.committed, 2);
}

TEST_F(CommitterTest, ARefusedOperationLeavesTheBatchAlone) {
  auto committer = start();
  auto refused = submit(*committer, []() -> Result<int> { return fail(Code::serial_used, "used"); });
  EXPECT_EQ(refused.get().error().code, Code::serial_used);
  EXPECT_EQ(submit(*committer, seven).get().value(), 7);
  committer.reset();
  EXPECT_EQ(transactions_.rolled_back, 0);
}

TEST_F(CommitterTest, AnEngineFailureInOneOperationFailsAllOfItsBatchAndNoneAfter) {
  std::binary_semaphore entered(0);
  std::binary_semaphore go_on(0);
  auto committer = start();
  auto first = submit(*committer, [&]() -> Result<int> {
    entered.release();
    go_on.acquire();
    return 1;
  });
  entered.acquire();
  auto good = submit(*committer, seven);
  auto full = submit(*committer, []() -> Result<int> { return fail(Code::ledger_disk_full, "full"); });
  go_on.release();
  EXPECT_EQ(first.get().value(), 1);
  EXPECT_EQ(good.get().error().code, Code::ledger_disk_full);
  EXPECT_EQ(full.get().error().code, Code::ledger_disk_full);
  EXPECT_EQ(submit(*committer, seven).get().value(), 7);
  committer.reset();
  EXPECT_EQ(transactions_.rolled_back, 1);
}

TEST_F(CommitterTest, AFullDiskAtTheCommitIsNotForEver) {
  transactions_.next_commit = fail(Code::ledger_disk_full, "full");
  auto committer = start();
  EXPECT_EQ(submit(*committer, seven).get().error().code, Code::ledger_disk_full);
  EXPECT_EQ(submit(*committer, seven).get().value(), 7);
}

// After a failed fsync nobody knows what is on the disk.
TEST_F(CommitterTest, AfterAnInputOutputErrorNothingIsWritten) {
  transactions_.next_commit = fail(Code::ledger_io, "fsync failed");
  auto committer = start();
  EXPECT_EQ(submit(*committer, seven).get().error().code, Code::ledger_io);
  EXPECT_EQ(submit(*committer, seven).get().error().code, Code::ledger_io);
  committer.reset();
  EXPECT_EQ(transactions_.begun, 1);
  EXPECT_EQ(transactions_.rolled_back, 1);
}

TEST_F(CommitterTest, TooManyWaitingAreTurnedAwayAtOnce) {
  std::binary_semaphore entered(0);
  std::binary_semaphore go_on(0);
  auto committer = start(2);
  auto first = submit(*committer, [&]() -> Result<int> {
    entered.release();
    go_on.acquire();
    return 1;
  });
  entered.acquire();
  auto second = submit(*committer, seven);
  auto third = submit(*committer, seven);
  EXPECT_EQ(submit(*committer, seven).get().error().code, Code::overloaded);  // answered while the others wait
  go_on.release();
  EXPECT_EQ(second.get().value(), 7);
  EXPECT_EQ(third.get().value(), 7);
}

TEST_F(CommitterTest, AnOperationCanBeSubmittedFromAnAnswer) {
  auto committer = start();
  std::promise<Result<int>> second;
  committer->submit(make_operation<int>(seven, Done<int>([&](Result<int>) {
                                          committer->submit(make_operation<int>(
                                              seven, Done<int>([&](Result<int> result) { second.set_value(result); })));
                                        })));
  EXPECT_EQ(second.get_future().get().value(), 7);
}

}  // namespace
}  // namespace symbolon::ledger
