// A consistent copy of the ledger while it is written.
#pragma once

#include "ledger/ledger.h"
#include "ledger/sqlite_reader.h"

namespace symbolon::ledger {

// `reader` keeps one state of the ledger until the copy is complete.
Result<BackupReport> back_up(SqliteReader& reader, const Path& to, const Progress& progress);

}  // namespace symbolon::ledger
