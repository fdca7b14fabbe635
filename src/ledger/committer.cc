#include "ledger/committer.h"

#include "ledger/sql.h"

namespace symbolon::ledger {
namespace {

// So many operations share a transaction at most: it bounds how long the first of them waits for the last.
constexpr std::size_t kLargestBatch = 1024;

}  // namespace

Committer::Committer(Transactions& transactions, Options options)
    : transactions_(transactions), options_(std::move(options)), thread_([this] { run(); }) {}

Committer::~Committer() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void Committer::submit(std::unique_ptr<Operation> operation) {
  bool idle = false;
  bool closing = false;
  {
    const std::lock_guard lock(mutex_);
    closing = closing_;
    if (waiting_.size() < options_.queue_limit && !closing) {
      idle = waiting_.empty();
      waiting_.push_back(std::move(operation));
    }
  }
  if (operation) {
    operation->answer(closing ? fail(Code::cancelled, "the ledger is being closed")
                              : fail(Code::overloaded, "{} writes wait for the ledger", options_.queue_limit));
  } else if (idle) {
    work_.notify_one();
  }
}

void Committer::run() {
  Batch taken;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      taken.swap(waiting_);
    }
    for (std::size_t at = 0; at < taken.size(); at += kLargestBatch) {
      const std::size_t end = std::min(at + kLargestBatch, taken.size());
      Batch batch(std::make_move_iterator(taken.begin() + static_cast<std::ptrdiff_t>(at)),
                  std::make_move_iterator(taken.begin() + static_cast<std::ptrdiff_t>(end)));
      commit(batch);
    }
    taken.clear();
  }
}

void Committer::commit(Batch& batch) {
  step("batch_taken");
  std::vector<Status> outcomes(batch.size());
  const Status committed = broken_ ? Status(std::unexpected(*broken_)) : try_commit(batch, outcomes);
  if (!committed && !broken_) {
    transactions_.rollback();
    if (committed.error().code == Code::ledger_io) {
      broken_ = committed.error();
      broken_->words += "; nothing more is written until the ledger is opened again";
    }
  }
  for (std::size_t at = 0; at < batch.size(); ++at) batch[at]->answer(committed ? outcomes[at] : committed);
  step("batch_answered");
  if (committed) transactions_.after_answers();
}

Status Committer::try_commit(Batch& batch, std::vector<Status>& outcomes) {
  TRY(transactions_.begin());
  for (std::size_t at = 0; at < batch.size(); ++at) {
    outcomes[at] = batch[at]->apply();
    if (!outcomes[at] && sql::engine_failed(outcomes[at].error().code)) return outcomes[at];
  }
  step("batch_applied");
  TRY(transactions_.commit());
  commits_.fetch_add(1, std::memory_order_relaxed);
  step("batch_committed");
  return {};
}

std::size_t Committer::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void Committer::step(std::string_view name) const {
  if (options_.on_step) options_.on_step(name);
}

}  // namespace symbolon::ledger
