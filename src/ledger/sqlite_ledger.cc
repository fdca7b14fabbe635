#include "ledger/sqlite_ledger.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "base/errno_text.h"
#include "ledger/audit_chain.h"
#include "ledger/blocking.h"
#include "ledger/checkpointer.h"
#include "ledger/committer.h"
#include "ledger/schema.h"
#include "ledger/searching.h"
#include "ledger/sqlite_backup.h"
#include "ledger/sqlite_verify.h"
#include "ledger/sqlite_writer.h"

namespace symbolon::ledger {
namespace {

// -- the ledger itself: the writer behind the committer, the readers, the search index ------------------------------

class Sqlite final : public Ledger, private Transactions {
 public:
  struct Parts {
    FileLock lock;
    std::unique_ptr<SqliteWriter> writer;
    std::unique_ptr<Checkpointer> checkpointer;
  };
  Sqlite(Path path, SqliteOptions options, Parts parts)
      : path_(std::move(path)),
        clock_(*options.clock),
        lock_(std::move(parts.lock)),
        checkpointer_(std::move(parts.checkpointer)),
        writer_(std::move(parts.writer)),
        readers_(path_, options.readers),
        searching_(readers_, clock_),
        committer_(*this, {options.queue_limit, std::move(options.on_step)}) {
    ::sqlite3_wal_hook(
        writer_->connection().handle(),
        [](void* self, sqlite3*, const char*, int pages) {
          static_cast<Sqlite*>(self)->journal_pages_ = pages;
          return SQLITE_OK;
        },
        this);
  }

  InstancePrefix instance_prefix() const override { return writer_->instance_prefix(); }

  // -- writing
  Result<IssuerId> add_issuer(NewIssuer issuer) override {
    return write<IssuerId>([&] { return writer_->add_issuer(issuer); });
  }
  Status set_issuer_state(IssuerId issuer, IssuerState state, std::string actor) override {
    return write<void>([&] { return writer_->set_issuer_state(issuer, state, actor); });
  }
  Status use_issuer(IssuerId issuer, std::string actor) override {
    return write<void>([&] { return writer_->use_issuer(issuer, actor); });
  }
  void reserve_async(NewIntent intent, Done<IntentId> done) override {
    submit<IntentId>([this, intent = std::move(intent)] { return writer_->reserve(intent); }, std::move(done));
  }
  void complete_async(Completion completion, Done<CertificateId> done) override {
    const x509::Fingerprint fingerprint{crypto::sha256(completion.certificate)};  // here, not on the committer
    submit<CertificateId>(
        [this, completion = std::move(completion), fingerprint] { return writer_->complete(completion, fingerprint); },
        std::move(done));
  }
  void abandon_async(IntentId intent, std::string why, Done<void> done) override {
    submit<void>([this, intent, why = std::move(why)] { return writer_->abandon(intent, why); }, std::move(done));
  }
  void revoke_async(NewRevocation revocation, Done<RevocationOutcome> done) override {
    submit<RevocationOutcome>([this, revocation = std::move(revocation)] { return writer_->revoke(revocation); },
                              std::move(done));
  }
  void release_async(NewRelease release, Done<ReleaseOutcome> done) override {
    submit<ReleaseOutcome>([this, release = std::move(release)] { return writer_->release(release); }, std::move(done));
  }
  Result<AuditHead> accept_clock(std::string actor) override {
    return write<AuditHead>([&] { return writer_->accept_clock(actor); });
  }
  Result<AuditHead> accept_rollback(UnixSeconds until, std::string actor) override {
    return write<AuditHead>([&] { return writer_->accept_rollback(until, actor); });
  }
  Result<std::optional<UnixSeconds>> rollback_accepted() override { return TRY(readers_.lease())->rollback_accepted(); }
  Result<AuditHead> note(AuditNote note) override {
    return write<AuditHead>([&] { return writer_->note(note); });
  }
  Result<Change> ask_change(NewChange change) override {
    return write<Change>([&] { return writer_->ask_change(change); });
  }
  Result<Change> approve_change(ChangeId change, std::string actor) override {
    return write<Change>([&] { return writer_->approve_change(change, actor); });
  }
  Result<Change> use_change(ChangeId change, std::string actor) override {
    return write<Change>([&] { return writer_->use_change(change, actor); });
  }
  Result<KnownGateway> add_gateway(std::string name) override {
    return write<KnownGateway>([&] { return writer_->add_gateway(name); });
  }
  Result<KnownGateway> forget_gateway(std::string name, std::string actor) override {
    return write<KnownGateway>([&] { return writer_->forget_gateway(name, actor); });
  }
  void on_revocation(std::function<void(const Revocation&)> hook) override {
    const std::lock_guard lock(hooks_mutex_);
    hooks_.push_back(std::move(hook));
  }

  // -- reading
  Result<std::vector<Issuer>> issuers() override { return TRY(readers_.lease())->issuers(); }
  Result<std::vector<CertificateRecord>> unfinished() override { return TRY(readers_.lease())->unfinished(); }
  Result<std::vector<KnownGateway>> gateways() override { return TRY(readers_.lease())->gateways(); }
  Status revocations(std::uint64_t after, const RevocationVisitor& each) override {
    return TRY(readers_.lease())->revocations(after, each);
  }
  Status revocations(const RevocationRange& range, const RevocationVisitor& each) override {
    return TRY(readers_.lease())->revocations(range, each);
  }
  Result<Listing> list(const Query& query, const Page& page) override { return searching_.list(query, page); }
  Result<std::vector<CertificateRecord>> find(std::string_view what, std::size_t limit) override {
    return searching_.find(what, limit);
  }
  Result<CertificateRecord> certificate(CertificateId id) override { return TRY(readers_.lease())->certificate(id); }
  Result<CertificateRecord> certificate(IssuerId issuer, const x509::SerialNumber& serial) override {
    return TRY(readers_.lease())->certificate(issuer, serial);
  }
  Result<std::vector<SerialStatus>> serial_statuses(const std::vector<IssuerId>& issuers,
                                                    const std::vector<x509::SerialNumber>& serials) override {
    auto statuses = TRY(TRY(readers_.lease())->serial_statuses({{issuers, serials}}));
    return std::move(statuses.front());
  }
  Result<Bytes> certificate_der(CertificateId id) override { return TRY(readers_.lease())->certificate_der(id); }
  Result<Bytes> reserved_tbs(CertificateId id) override { return TRY(readers_.lease())->reserved_tbs(id); }
  Result<std::optional<FirstRequest>> first_request(const crypto::Sha256& key) override {
    return TRY(readers_.lease())->first_request(key);
  }
  Result<std::optional<Change>> find_change(const crypto::Sha256& digest) override {
    return TRY(readers_.lease())->find_change(digest);
  }
  Result<std::vector<Change>> changes(std::size_t limit) override { return TRY(readers_.lease())->changes(limit); }
  Result<AuditHead> audit_head() override { return TRY(readers_.lease())->audit_head(); }
  Result<std::vector<AuditEntry>> audit(std::uint64_t after, std::size_t limit) override {
    return TRY(readers_.lease())->audit(after, limit);
  }
  Result<LedgerStatus> status() override;
  using Ledger::verify;
  Result<VerifyReport> verify(const Progress& progress, const std::optional<AuditHead>& against) override {
    const ReaderPool::Lease reader = TRY(readers_.lease());
    return verify_ledger(*reader, progress, against);
  }
  Result<BackupReport> backup(const Path& to, const Progress& progress) override {
    const ReaderPool::Lease reader = TRY(readers_.lease());
    return back_up(*reader, to, progress);
  }

 private:
  template <typename T, typename Apply>
  void submit(Apply apply, Done<T> done) {
    committer_.submit(make_operation<T>(std::move(apply), std::move(done)));
  }
  template <typename T, typename Apply>
  Result<T> write(Apply apply) {
    return wait_for_one<T>([&](auto done) { submit<T>(apply, Done<T>(std::move(done))); });
  }

  // On the committer's thread.
  Status begin() override { return writer_->begin(); }
  Status commit() override {
    Committed committed = TRY(writer_->commit());
    searching_.post(std::move(committed.changes));
    const std::lock_guard lock(hooks_mutex_);
    for (const Revocation& revocation : committed.revocations) {
      for (const auto& hook : hooks_) hook(revocation);
    }
    return {};
  }
  void rollback() override { writer_->rollback(); }
  void after_answers() override { checkpointer_->after_commit(writer_->connection(), journal_pages_); }

  const Path path_;
  const Clock& clock_;
  FileLock lock_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<SqliteWriter> writer_;
  int journal_pages_ = 0;
  std::mutex hooks_mutex_;
  std::vector<std::function<void(const Revocation&)>> hooks_;
  ReaderPool readers_;
  Searching searching_;
  Committer committer_;  // last: its thread uses all of them
};

Result<LedgerStatus> Sqlite::status() {
  const SearchIndex::Totals totals = TRY(searching_.totals());
  const ReaderPool::Lease reader = TRY(readers_.lease());
  LedgerStatus status{.certificates = totals.issued,
                      .unfinished = totals.unfinished,
                      .revocations = static_cast<std::uint64_t>(
                          TRY(reader->connection().integer("SELECT ifnull(max(sequence), 0) FROM revocations"))),
                      .revoked = totals.revoked,
                      .head = TRY(reader->audit_head()),
                      .index = searching_.state(),
                      .commits = committer_.commits(),
                      .waiting = committer_.waiting()};
  for (const std::string_view suffix : {"", "-wal"}) {
    std::error_code problem;
    const auto size = std::filesystem::file_size(path_.string() + std::string(suffix), problem);
    if (!problem) status.octets += size;
  }
  status.clock_set_back = clock_.now() < status.head.time - kClockTolerance;
  return status;
}

// -- making and opening ---------------------------------------------------------------------------------------------

Result<FileLock> take_lock(const Path& path) {
  Result<FileLock> lock = FileLock::take(path.string() + ".lock");
  if (!lock && lock.error().code == Code::file_unwritable) {
    std::error_code problem;
    const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
    const std::filesystem::space_info space = std::filesystem::space(folder, problem);
    if (!problem && space.available == 0) return fail_at(path.string(), Code::ledger_disk_full, "the disk is full");
    return fail_at(path.string(), Code::ledger_read_only, "its lock file cannot be written: {}", lock.error().words);
  }
  return lock;
}

std::unexpected<Error> unwritable(const Path& path, int problem) {
  const Code code = problem == EEXIST   ? Code::file_exists
                    : problem == ENOSPC ? Code::ledger_disk_full
                                        : Code::ledger_read_only;
  return fail_at(path.string(), code, "{}", errno_text(problem));
}

// The first entry of the chain and what makes this ledger itself.
Status write_identity(sql::Connection& connection, const Clock& clock) {
  const Bytes id = crypto::random_bytes(16);
  Bytes prefix = crypto::random_bytes(std::tuple_size_v<InstancePrefix>);
  prefix[0] = static_cast<std::uint8_t>(0x10 | (prefix[0] & 0x6f));  // first bit clear, octet not zero
  sql::Statement meta = TRY(connection.prepare("INSERT INTO meta (key, value) VALUES (?, ?)"));
  TRY(meta.run("ledger_id", id));
  TRY(meta.run("instance_prefix", prefix));
  AuditEntry entry{.sequence = 1,
                   .time = clock.now(),
                   .actor = "symbolon",
                   .action = std::string(action::create),
                   .details = json_object({{"ledger", to_hex(id)}, {"prefix", to_hex(prefix)}})};
  entry.hash = audit_hash(audit_genesis(id), entry);
  sql::Statement audit = TRY(connection.prepare("INSERT INTO audit VALUES (1, ?, ?, ?, 0, ?, ?, ?)"));
  return audit.run(entry.time, entry.actor, entry.action, entry.details, entry.digest, entry.hash);
}

// Whole or not at all: made under another name, then renamed.
Status make_file(const Path& path, const Clock& clock) {
  const Path young = path.string() + ".new";
  ::unlink(young.c_str());  // of a process that was killed; ours is the lock
  ::unlink((young.string() + "-journal").c_str());
  const int fd = ::open(young.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return unwritable(path, errno);
  ::close(fd);
  Status made;
  {
    Result<sql::Connection> connection = sql::Connection::open(young, sql::Access::write);
    if (!connection) return std::unexpected(connection.error());
    made = create_schema(*connection, migrations());
    if (made) made = connection->execute("BEGIN");
    if (made) made = write_identity(*connection, clock);
    if (made) made = connection->execute("COMMIT");
  }
  if (made && ::renameat2(AT_FDCWD, young.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    made = unwritable(path, errno);
  }
  if (!made) {
    ::unlink(young.c_str());
    return made;
  }
  const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder_fd >= 0 && ::fsync(folder_fd) == 0;
  const int problem = errno;
  if (folder_fd >= 0) ::close(folder_fd);
  if (!synced) return unwritable(folder, problem);
  return {};
}

Result<std::unique_ptr<Ledger>> open_locked(const Path& path, SqliteOptions options, FileLock lock) {
  {
    sql::Connection connection = TRY(sql::Connection::open(path, sql::Access::write));
    TRY(migrate(connection, migrations()));
    sql::Statement mode = TRY(connection.prepare("PRAGMA journal_mode=WAL"));
    TRY(mode.start());
    if (!TRY(mode.step()) || mode.text(0) != "wal") {
      return fail_at(path.string(), Code::ledger_io, "the file system does not allow write-ahead logging");
    }
  }
  std::unique_ptr<SqliteWriter> writer = TRY(SqliteWriter::open(path, *options.clock));
  std::unique_ptr<Checkpointer> checkpointer = TRY(Checkpointer::start(path));
  return std::make_unique<Sqlite>(path, std::move(options),
                                  Sqlite::Parts{std::move(lock), std::move(writer), std::move(checkpointer)});
}

}  // namespace

Result<std::unique_ptr<Ledger>> SqliteLedger::create(const Path& path, SqliteOptions options) {
  FileLock lock = TRY(take_lock(path));
  std::error_code problem;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, problem))) return unwritable(path, EEXIST);
  TRY(make_file(path, *options.clock));
  return open_locked(path, std::move(options), std::move(lock));
}

Status SqliteLedger::bring_up_to_date(const Path& path, SqliteOptions options) {
  std::error_code problem;
  if (std::filesystem::exists(path, problem)) {
    sql::Connection connection = TRY(sql::Connection::open(path, sql::Access::read));
    const std::int64_t version = TRY(connection.integer("PRAGMA user_version"));
    if (version >= static_cast<std::int64_t>(migrations().size())) return {};
  }
  const auto opened = open(path, std::move(options));
  return opened ? Status() : std::unexpected(opened.error());
}

Result<std::unique_ptr<Ledger>> SqliteLedger::open(const Path& path, SqliteOptions options) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) {
    return fail_at(path.string(), Code::state_missing, "there is no ledger here");
  }
  FileLock lock = TRY(take_lock(path));
  return open_locked(path, std::move(options), std::move(lock));
}

}  // namespace symbolon::ledger
