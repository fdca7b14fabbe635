// SQLite through SQLiteCpp, with errors as values: the one place where its exceptions are caught.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "crypto/digest.h"

namespace symbolon::ledger::sql {

// A violated UNIQUE is already_exists, a violated FOREIGN KEY not_found: callers give them their own code. Everything
// else is of the ledger_... band (engine_failed) and ends the whole transaction.
bool engine_failed(Code code);

// The error that `handle` (may be null) reports last, `code` being SQLite's extended one.
Error translate(sqlite3* handle, int code, std::string_view where);

// A prepared statement. Blobs and std::string are bound without copying: they must live until it is reset.
class Statement {
 public:
  Statement() = default;  // only to be assigned to
  // Binds, runs to the end, resets.
  template <typename... Values>
  Status run(const Values&... values) {
    TRY(start(values...));
    while (TRY(step())) {
    }
    return {};
  }
  // Binds and stands before the first row.
  template <typename... Values>
  Status start(const Values&... values) {
    reset();
    [[maybe_unused]] int at = 0;
    int code = 0;
    ((code == 0 ? void(code = bind(++at, values)) : void()), ...);
    if (code != 0) return std::unexpected(failure(code));
    return {};
  }
  // True: there is a row. At the end, or on failure, the statement is reset.
  Result<bool> step();
  void reset() { statement_->tryReset(); }
  std::string_view where() const;  // the file
  bool prepared() const { return statement_ != nullptr; }

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  // valid until the next step
  ByteView blob(int column) const;          // valid until the next step

 private:
  friend class Connection;
  explicit Statement(std::unique_ptr<SQLite::Statement> statement, sqlite3* handle)
      : statement_(std::move(statement)), handle_(handle) {}
  Error failure(int code) const;
  int bind(int at, std::int64_t value);
  int bind(int at, UnixSeconds value) { return bind(at, value.count); }
  int bind(int at, std::string_view value);
  int bind(int at, const char* value) { return bind(at, std::string_view(value)); }
  int bind(int at, const std::string& value);
  int bind(int at, ByteView value);
  int bind(int at, const Bytes& value) { return bind(at, ByteView(value)); }
  int bind(int at, const crypto::Sha256& value) { return bind(at, ByteView(value)); }
  int bind(int at, const std::optional<UnixSeconds>& value);

  std::unique_ptr<SQLite::Statement> statement_;
  sqlite3* handle_ = nullptr;
};

enum class Access : std::uint8_t { write, read };

// One connection; one thread at a time. Foreign keys are on, synchronous is FULL.
class Connection {
 public:
  static Result<Connection> open(const Path& path, Access access);
  Connection(Connection&&) = default;
  Connection& operator=(Connection&&) = delete;  // what it replaced would be closed before its statements
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  // One or several statements without parameters.
  Status execute(std::string_view text);
  Result<Statement> prepare(std::string_view text);
  // The first column of the first row; not_found without a row.
  Result<std::int64_t> integer(std::string_view text);

  bool in_transaction() const;
  // Ends the transaction if one is open.
  void rollback();
  SQLite::Database& database() { return *database_; }
  sqlite3* handle() const { return database_->getHandle(); }
  const std::string& where() const { return where_; }

 private:
  Connection(std::unique_ptr<SQLite::Database> database, std::string where)
      : database_(std::move(database)), where_(std::move(where)) {}
  friend class Snapshot;
  std::unique_ptr<SQLite::Database> database_;
  std::string where_;
  // Of snapshots: prepared for the first one, since some are taken for every question.
  Statement begin_;
  Statement end_;
};

// Reads inside see one state of the ledger, as it is at the first of them; ends with the object.
class Snapshot {
 public:
  static Result<Snapshot> begin(Connection& connection);
  Snapshot(Snapshot&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

 private:
  explicit Snapshot(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace symbolon::ledger::sql
