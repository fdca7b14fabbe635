// Moves the journal's pages into the database file beside the commits, so that no commit pays for it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "ledger/sql.h"

namespace symbolon::ledger {

class Checkpointer {
 public:
  static Result<std::unique_ptr<Checkpointer>> start(const Path& path);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Called by the thread that writes, between two transactions, with its own connection and the pages that the journal
  // holds. Wakes the checkpointer when they are many. Once that has copied nearly all, the small rest is copied here,
  // where nobody else can append: only then can the journal begin anew.
  void after_commit(sql::Connection& writer, int journal_pages);

 private:
  explicit Checkpointer(sql::Connection connection);
  void run();

  sql::Connection connection_;
  std::mutex mutex_;
  std::condition_variable wanted_;
  enum class State : std::uint8_t { idle, wanted, done, closing };
  State state_ = State::idle;
  int threshold_;  // pages; of the thread that writes
  std::thread thread_;
};

}  // namespace symbolon::ledger
