#include "ledger/sqlite_backup.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_text.h"

namespace symbolon::ledger {
namespace {

constexpr int kPagesAStep = 1024;

std::unexpected<Error> unwritable(const Path& path, int problem) {
  const Code code = problem == EEXIST                        ? Code::file_exists
                    : problem == ENOSPC || problem == EDQUOT ? Code::ledger_disk_full
                                                             : Code::file_unwritable;
  return fail_at(path.string(), code, "{}", errno_text(problem));
}

// A file that is gone again unless it was kept.
class Temporary {
 public:
  static Result<Temporary> make(const Path& beside) {
    std::string pattern = beside.string() + ".XXXXXX";
    const int fd = ::mkostemp(pattern.data(), O_CLOEXEC);  // 0600
    if (fd < 0) return unwritable(beside, errno);
    ::close(fd);
    return Temporary(pattern);
  }
  Temporary(Temporary&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (path_.empty()) return;
    ::unlink(path_.c_str());
    ::unlink((path_.string() + "-journal").c_str());
  }
  const Path& path() const { return path_; }

  // Under its final name, on the disk.
  Status keep_as(const Path& final_path) {
    TRY(sync(path_, O_RDONLY));
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, final_path.c_str(), RENAME_NOREPLACE) != 0) {
      return unwritable(final_path, errno);
    }
    path_.clear();
    return sync(final_path.has_parent_path() ? final_path.parent_path() : Path("."), O_RDONLY | O_DIRECTORY);
  }

 private:
  explicit Temporary(Path path) : path_(std::move(path)) {}
  static Status sync(const Path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
    if (fd < 0) return unwritable(path, errno);
    const int problem = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (problem != 0) return unwritable(path, problem);
    return {};
  }
  Path path_;
};

Status copy(sql::Connection& from, const Path& to, const Progress& progress) {
  try {
    SQLite::Database copy(to.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX);
    // The copy is made durable as a whole, at the end.
    copy.exec("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
    SQLite::Backup backup(copy, from.database());
    while (true) {
      const int code = backup.executeStep(kPagesAStep);
      const auto total = static_cast<std::uint64_t>(backup.getTotalPageCount());
      const auto left = static_cast<std::uint64_t>(backup.getRemainingPageCount());
      if (progress && progress(total - left, total) == Proceed::no) {
        return fail(Code::cancelled, "stopped after {} of {} pages", total - left, total);
      }
      if (code == SQLITE_DONE) return {};
      if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return fail(Code::ledger_busy, "the ledger is locked");
    }
  } catch (const SQLite::Exception& problem) {
    const int code = problem.getErrorCode();
    Error error = sql::translate(nullptr, code, to.string());
    error.words += fmt::format(": {}", problem.what());
    return std::unexpected(std::move(error));
  }
}

}  // namespace

Result<BackupReport> back_up(SqliteReader& reader, const Path& to, const Progress& progress) {
  std::error_code problem;
  if (std::filesystem::exists(std::filesystem::symlink_status(to, problem))) return unwritable(to, EEXIST);
  Temporary temporary = TRY(Temporary::make(to));
  BackupReport report;
  {
    const sql::Snapshot snapshot = TRY(sql::Snapshot::begin(reader.connection()));
    report.head = TRY(reader.audit_head());
    TRY(copy(reader.connection(), temporary.path(), progress));
  }
  report.octets = std::filesystem::file_size(temporary.path(), problem);
  TRY(temporary.keep_as(to));
  return report;
}

}  // namespace symbolon::ledger
