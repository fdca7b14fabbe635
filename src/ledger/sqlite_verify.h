// The audit chain recomputed, and every record compared with its entries.
#pragma once

#include "ledger/ledger.h"
#include "ledger/sqlite_reader.h"

namespace symbolon::ledger {

// Reads in pieces, so that the journal can begin anew meanwhile; writing goes on. `against`: Ledger::verify.
Result<VerifyReport> verify_ledger(SqliteReader& reader, const Progress& progress,
                                   const std::optional<AuditHead>& against = {});

}  // namespace symbolon::ledger
