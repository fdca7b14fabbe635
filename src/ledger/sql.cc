#include "ledger/sql.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cerrno>

#include "base/errno_text.h"

namespace symbolon::ledger::sql {
namespace {

constexpr int kBusyMilliseconds = 10'000;

// The system's reason behind an I/O error outranks SQLite's name for it.
Code from_system(int problem, Code otherwise) {
  switch (problem) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Code::ledger_disk_full;
    case EROFS:
    case EACCES:
    case EPERM: return Code::ledger_read_only;
    default: return otherwise;
  }
}

Code code_of(int extended, int problem) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY: return Code::already_exists;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return Code::not_found;
    default: break;
  }
  switch (extended & 0xff) {
    case SQLITE_FULL: return Code::ledger_disk_full;
    case SQLITE_ERROR:  // our statements are constant: a table or a column is not there
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT: return Code::ledger_corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Code::ledger_read_only;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Code::ledger_busy;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return from_system(problem, Code::ledger_io);
    default: return Code::ledger_io;
  }
}

}  // namespace

bool engine_failed(Code code) {
  switch (code) {
    case Code::ledger_disk_full:
    case Code::ledger_corrupt:
    case Code::ledger_read_only:
    case Code::ledger_busy:
    case Code::ledger_io: return true;
    default: return false;
  }
}

Error translate(sqlite3* handle, int code, std::string_view where) {
  const int last_problem = errno;
  int problem = handle == nullptr ? 0 : ::sqlite3_system_errno(handle);
  if (problem == 0 && code == SQLITE_IOERR_WRITE) problem = last_problem;  // COMMIT does not keep it
  std::string words = ::sqlite3_errstr(code);
  if (handle != nullptr) words = ::sqlite3_errmsg(handle);
  const int kind = code & 0xff;
  if (problem != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_FULL)) {
    words += fmt::format(": {}", errno_text(problem));
  }
  return Error{code_of(code, problem), fmt::format("{} (SQLite {})", words, code), std::string(where)};
}

Result<bool> Statement::step() {
  const int code = statement_->tryExecuteStep();
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = failure(::sqlite3_extended_errcode(handle_));
  reset();
  return std::unexpected(std::move(error));
}

bool Statement::is_null(int column) const { return statement_->getColumn(column).isNull(); }
std::int64_t Statement::integer(int column) const { return statement_->getColumn(column).getInt64(); }
std::string_view Statement::text(int column) const {
  const SQLite::Column value = statement_->getColumn(column);
  const char* const data = value.getText("");
  return {data, static_cast<std::size_t>(value.getBytes())};
}
ByteView Statement::blob(int column) const {
  const SQLite::Column value = statement_->getColumn(column);
  const auto* const data = static_cast<const std::uint8_t*>(value.getBlob());
  return {data, static_cast<std::size_t>(value.getBytes())};
}

std::string_view Statement::where() const { return ::sqlite3_db_filename(handle_, "main"); }
Error Statement::failure(int code) const { return translate(handle_, code, where()); }

namespace {
template <typename Bind>
int caught(Bind bind) {
  try {
    bind();
    return 0;
  } catch (const SQLite::Exception& problem) {
    return problem.getExtendedErrorCode();
  }
}
}  // namespace

int Statement::bind(int at, std::int64_t value) {
  return caught([&] { statement_->bind(at, value); });
}
int Statement::bind(int at, std::string_view value) {
  return caught([&] { statement_->bind(at, std::string(value)); });
}
int Statement::bind(int at, const std::string& value) {
  return caught([&] { statement_->bindNoCopy(at, value); });
}
int Statement::bind(int at, const std::optional<UnixSeconds>& value) {
  if (value) return bind(at, value->count);
  return caught([&] { statement_->bind(at); });
}
int Statement::bind(int at, ByteView value) {
  static constexpr std::uint8_t kNothing = 0;  // a null pointer would bind NULL
  return caught(
      [&] { statement_->bindNoCopy(at, value.empty() ? &kNothing : value.data(), static_cast<int>(value.size())); });
}

Result<Connection> Connection::open(const Path& path, Access access) {
  std::unique_ptr<SQLite::Database> database;
  const std::string where = path.string();
  try {
    // A reader too opens for writing, because it may have to recover the journal; query_only keeps it from more.
    database =
        std::make_unique<SQLite::Database>(where, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyMilliseconds);
  } catch (const SQLite::Exception& problem) {
    const int code = problem.getExtendedErrorCode() > 0 ? problem.getExtendedErrorCode() : problem.getErrorCode();
    return std::unexpected(translate(nullptr, code, where));
  }
  Connection connection(std::move(database), where);
  ::sqlite3_extended_result_codes(connection.handle(), 1);
  if (::sqlite3_db_readonly(connection.handle(), "main") == 1) {
    return fail_at(where, Code::ledger_read_only, "the file may not be written");
  }
  // secure_delete would write every freed cell once more; there is nothing secret in it.
  TRY(
      connection.execute("PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
                         "PRAGMA secure_delete=OFF; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON"));
  if (access == Access::read) TRY(connection.execute("PRAGMA query_only=ON"));
  return connection;
}

Status Connection::execute(std::string_view text) {
  try {
    database_->exec(std::string(text));
    return {};
  } catch (const SQLite::Exception&) {
    return std::unexpected(translate(handle(), ::sqlite3_extended_errcode(handle()), where_));
  }
}

Result<Statement> Connection::prepare(std::string_view text) {
  try {
    return Statement(std::make_unique<SQLite::Statement>(*database_, std::string(text)), handle());
  } catch (const SQLite::Exception&) {
    return std::unexpected(translate(handle(), ::sqlite3_extended_errcode(handle()), where_));
  }
}

Result<std::int64_t> Connection::integer(std::string_view text) {
  Statement statement = TRY(prepare(text));
  if (!TRY(statement.step())) return fail_at(where_, Code::not_found, "no row");
  return statement.integer(0);
}

bool Connection::in_transaction() const { return ::sqlite3_get_autocommit(handle()) == 0; }

void Connection::rollback() {
  if (in_transaction()) database_->tryExec("ROLLBACK");
}

Result<Snapshot> Snapshot::begin(Connection& connection) {
  if (!connection.end_.prepared()) {
    connection.begin_ = TRY(connection.prepare("BEGIN"));
    connection.end_ = TRY(connection.prepare("ROLLBACK"));
  }
  TRY(connection.begin_.run());
  return Snapshot(connection);
}

Snapshot::~Snapshot() {
  if (connection_ != nullptr && connection_->in_transaction()) static_cast<void>(connection_->end_.run());
}

}  // namespace symbolon::ledger::sql
