// Group commit: one thread takes whatever waits, runs it in one transaction, and answers all after the one commit.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "ledger/ledger.h"

namespace symbolon::ledger {

// One waiting write.
class Operation {
 public:
  virtual ~Operation() = default;
  // In the transaction. An error of the engine fails the batch; any other refuses this operation, which then has
  // changed nothing.
  virtual Status apply() = 0;
  // After the commit, or when nothing was recorded (`outcome` says why). Called exactly once.
  virtual void answer(const Status& outcome) = 0;
};

// What the committer drives; all on its thread.
class Transactions {
 public:
  virtual ~Transactions() = default;
  virtual Status begin() = 0;
  virtual Status commit() = 0;  // the hooks that must run before any answer run at its end
  virtual void rollback() = 0;
  virtual void after_answers() {}  // housekeeping
};

class Committer {
 public:
  struct Options {
    std::size_t queue_limit;
    std::function<void(std::string_view)> on_step;  // see SqliteOptions
  };
  // `transactions` outlives the committer.
  Committer(Transactions& transactions, Options options);
  // What waits is still committed and answered.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Answers at once, on this thread, with overloaded when too many wait.
  void submit(std::unique_ptr<Operation> operation);

  std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }  // transactions so far
  std::size_t waiting() const;

 private:
  using Batch = std::vector<std::unique_ptr<Operation>>;
  void run();
  void commit(Batch& batch);
  Status try_commit(Batch& batch, std::vector<Status>& outcomes);
  void step(std::string_view name) const;

  Transactions& transactions_;
  const Options options_;
  std::optional<Error> broken_;  // after ledger_io: nothing is written any more

  std::atomic<std::uint64_t> commits_{0};

  mutable std::mutex mutex_;
  std::condition_variable work_;
  Batch waiting_;
  bool closing_ = false;
  std::thread thread_;  // last: it uses the others
};

// An operation from a function that makes its value and a function that takes its answer.
template <typename T, typename Apply>
class FunctionOperation final : public Operation {
 public:
  FunctionOperation(Apply function, Done<T> done) : apply_(std::move(function)), done_(std::move(done)) {}

  Status apply() override {
    value_.emplace(apply_());
    if (!*value_) return std::unexpected(value_->error());
    return {};
  }
  void answer(const Status& outcome) override {
    if (outcome) {
      done_(std::move(*value_));
    } else {
      done_(std::unexpected(outcome.error()));
    }
  }

 private:
  Apply apply_;
  Done<T> done_;
  std::optional<Result<T>> value_;
};

template <typename T, typename Apply>
std::unique_ptr<Operation> make_operation(Apply apply, Done<T> done) {
  return std::make_unique<FunctionOperation<T, Apply>>(std::move(apply), std::move(done));
}

}  // namespace symbolon::ledger
