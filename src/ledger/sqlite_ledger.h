// The ledger in one SQLite file (WAL, synchronous=FULL), opened by one process at a time.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "ledger/ledger.h"

namespace symbolon::ledger {

struct SqliteOptions {
  const Clock* clock = &system_clock();  // outlives the ledger
  std::size_t queue_limit = 16384;       // writes that may wait; beyond it: overloaded
  std::size_t readers = 4;               // connections for reading, opened as needed
  // For tests of crashes: told of each step of a commit, on the committer's thread.
  // "batch_taken", "batch_applied" (before COMMIT), "batch_committed" (before any answer), "batch_answered".
  std::function<void(std::string_view step)> on_step = {};
};

class SqliteLedger {
 public:
  // A new ledger. Fails with file_exists, or as open does.
  static Result<std::unique_ptr<Ledger>> create(const Path& path, SqliteOptions options = {});
  // Brings an older ledger to this version's schema. Fails with state_missing (no such file), state_locked (another
  // process has it), ledger_foreign, ledger_newer, ledger_corrupt, ledger_read_only, ledger_disk_full, ledger_io.
  static Result<std::unique_ptr<Ledger>> open(const Path& path, SqliteOptions options = {});
  // For whoever only reads: one of an older version is opened and closed, so that it has this version's schema. Any
  // other is left alone. Fails as open does.
  static Status bring_up_to_date(const Path& path, SqliteOptions options = {});
};

}  // namespace symbolon::ledger
