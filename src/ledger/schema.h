// The tables, as numbered steps from each version to the next.
#pragma once

#include <span>
#include <string_view>

#include "ledger/sql.h"

namespace symbolon::ledger {

inline constexpr std::int64_t kApplicationId = 0x53594d42;  // "SYMB", in the file's header

// Element n leads from version n to n + 1. A step that was released is never changed.
std::span<const std::string_view> migrations();

// Makes the tables in an empty file, and marks it ours.
Status create_schema(sql::Connection& connection, std::span<const std::string_view> steps);

// Brings the file to the newest version, each step in a transaction of its own. Fails with ledger_foreign (another
// application's file), ledger_newer, or as SQLite does.
Status migrate(sql::Connection& connection, std::span<const std::string_view> steps);

}  // namespace symbolon::ledger
