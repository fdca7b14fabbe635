#include "ledger/checkpointer.h"

#include <sqlite3.h>

namespace symbolon::ledger {
namespace {

constexpr int kManyPages = 16384;  // of 4 KiB

struct Copied {
  int in_journal = 0;
  int copied = 0;
};

// Passive: takes what it can without waiting for anybody. A failure leaves the journal as it is, and nothing is lost.
Copied copy(const sql::Connection& connection) {
  Copied result;
  ::sqlite3_wal_checkpoint_v2(connection.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, &result.in_journal,
                              &result.copied);
  return result;
}

}  // namespace

Result<std::unique_ptr<Checkpointer>> Checkpointer::start(const Path& path) {
  sql::Connection connection = TRY(sql::Connection::open(path, sql::Access::write));
  TRY(connection.execute("PRAGMA wal_autocheckpoint=0"));
  return std::unique_ptr<Checkpointer>(new Checkpointer(std::move(connection)));
}

Checkpointer::Checkpointer(sql::Connection connection)
    : connection_(std::move(connection)), threshold_(kManyPages), thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    state_ = State::closing;
  }
  wanted_.notify_one();
  thread_.join();
}

void Checkpointer::after_commit(sql::Connection& writer, int journal_pages) {
  if (journal_pages < threshold_) return;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::idle) {
      state_ = State::wanted;
      wanted_.notify_one();
    }
    if (state_ != State::done) return;
    state_ = State::idle;
  }
  const Copied rest = copy(writer);
  // A reader of an old state (a backup, a verification) can keep the journal from beginning anew: then later again.
  threshold_ = rest.copied == rest.in_journal ? kManyPages : journal_pages + kManyPages;
}

void Checkpointer::run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wanted_.wait(lock, [this] { return state_ == State::wanted || state_ == State::closing; });
      if (state_ == State::closing) return;
    }
    copy(connection_);
    const std::lock_guard lock(mutex_);
    if (state_ == State::wanted) state_ = State::done;
  }
}

}  // namespace symbolon::ledger
