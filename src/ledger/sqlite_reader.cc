#include "ledger/sqlite_reader.h"

#include "ledger/sqlite_rows.h"

namespace symbolon::ledger {
namespace {

// Of the same serial, under two certificates of one CA.
bool outweighs(const Revocation& one, const Revocation& other) {
  if (is_final(one.reason) != is_final(other.reason)) return is_final(one.reason);
  return is_final(one.reason) ? one.sequence < other.sequence : one.sequence > other.sequence;
}

}  // namespace

struct SqliteReader::Statements {
  sql::Statement certificate;
  sql::Statement by_serial;
  sql::Statement with_serial;
  sql::Statement newest;
  sql::Statement revocation;
  sql::Statement state;
  sql::Statement body;
  sql::Statement tbs;
  sql::Statement unfinished;
  sql::Statement issuers;
  sql::Statement revocations;
  sql::Statement revocations_by_octet;
  sql::Statement first_request;
  sql::Statement repeatable;
  sql::Statement head;
  sql::Statement audit;

  // One after the other: what stands beside a TRY that returns is not destroyed (docs/conventions.md), and a statement
  // that is left behind keeps its connection from closing.
  static Result<std::unique_ptr<Statements>> prepare(sql::Connection& c) {
    const auto certificates = [](std::string_view rest) {
      return fmt::format("SELECT {} FROM certificates c {}", kCertificateColumns, rest);
    };
    auto out = std::make_unique<Statements>();
    const std::pair<sql::Statement*, std::string> all[] = {
        {&out->certificate, certificates("WHERE c.id = ?")},
        {&out->by_serial, certificates("WHERE c.serial = ? AND c.issuer = ?")},
        {&out->with_serial, certificates("WHERE c.serial = ? ORDER BY c.id DESC")},
        {&out->newest, certificates("WHERE c.id < ? ORDER BY c.id DESC LIMIT ?")},
        {&out->revocation,
         fmt::format("SELECT {} FROM revocations WHERE serial = ? AND issuer = ? ORDER BY sequence DESC LIMIT 1",
                     kRevocationColumns)},
        {&out->state, "SELECT state FROM certificates WHERE serial = ? AND issuer = ?"},
        {&out->body, "SELECT der, abandoned_because FROM bodies WHERE id = ?"},
        {&out->tbs, "SELECT tbs FROM intents WHERE id = ?"},
        {&out->unfinished, certificates("WHERE c.id IN (SELECT id FROM intents) AND ifnull((SELECT reason FROM "
                                        "revocations r WHERE r.serial = c.serial AND r.issuer = c.issuer"
                                        " ORDER BY sequence DESC LIMIT 1), 8) = 8 ORDER BY c.id")},
        {&out->issuers, fmt::format("SELECT {} FROM issuers ORDER BY id", kIssuerColumns)},
        {&out->revocations,
         fmt::format("SELECT {} FROM revocations WHERE sequence > ? ORDER BY sequence", kRevocationColumns)},
        {&out->revocations_by_octet,
         fmt::format("SELECT {} FROM revocations INDEXED BY revocations_octet WHERE substr(serial, -1) BETWEEN ? AND ?"
                     " AND sequence > ? ORDER BY sequence",
                     kRevocationColumns)},
        {&out->first_request, fmt::format("SELECT {} FROM repeatable WHERE key = ?", kRepeatableColumns)},
        {&out->repeatable, fmt::format("SELECT {} FROM repeatable WHERE certificate = ?", kRepeatableColumns)},
        {&out->head, fmt::format("SELECT {} FROM audit ORDER BY sequence DESC LIMIT 1", kAuditColumns)},
        {&out->audit, fmt::format("SELECT {} FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?", kAuditColumns)},
    };
    for (const auto& [statement, text] : all) *statement = TRY(c.prepare(text));
    return out;
  }
};

SqliteReader::SqliteReader(sql::Connection connection) : connection_(std::move(connection)) {}
SqliteReader::~SqliteReader() = default;

Result<std::unique_ptr<SqliteReader>> SqliteReader::open(const Path& path) {
  std::unique_ptr<SqliteReader> reader(new SqliteReader(TRY(sql::Connection::open(path, sql::Access::read))));
  // What is sorted stays in memory: the signer may open no file.
  TRY(reader->connection_.execute("PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY"));
  reader->statements_ = TRY(Statements::prepare(reader->connection_));
  return reader;
}

Result<CertificateRecord> SqliteReader::with_revocation(CertificateRecord record) {
  record.revocation = TRY(revocation(record.issuer, record.serial));
  if (record.state == CertificateState::abandoned) {
    TRY(statements_->body.start(record.id.value));
    if (TRY(statements_->body.step())) record.abandoned_because = statements_->body.text(1);
    statements_->body.reset();
  }
  return record;
}

Result<std::optional<Revocation>> SqliteReader::revocation(IssuerId issuer, const x509::SerialNumber& serial) {
  auto newest = TRY(newest_entry(issuer, serial));
  if (newest && newest->reason == RevocationReason::remove_from_crl) newest.reset();
  return newest;
}

Result<std::optional<Revocation>> SqliteReader::newest_entry(IssuerId issuer, const x509::SerialNumber& serial) {
  sql::Statement& row = statements_->revocation;
  TRY(row.start(serial.magnitude(), issuer.value));
  if (!TRY(row.step())) return std::optional<Revocation>();
  Result<Revocation> found = read_revocation(row);
  row.reset();
  return std::optional<Revocation>(TRY(std::move(found)));
}

Result<CertificateRecord> SqliteReader::certificate(CertificateId id) {
  sql::Statement& row = statements_->certificate;
  TRY(row.start(id.value));
  if (!TRY(row.step())) return fail(Code::not_found, "there is no certificate {}", id.value);
  Result<CertificateRecord> record = read_certificate(row);
  row.reset();
  return with_revocation(TRY(std::move(record)));
}

Result<CertificateRecord> SqliteReader::certificate(IssuerId issuer, const x509::SerialNumber& serial) {
  sql::Statement& row = statements_->by_serial;
  TRY(row.start(serial.magnitude(), issuer.value));
  if (!TRY(row.step())) return fail(Code::not_found, "issuer {} has no serial {}", issuer.value, serial.hex());
  Result<CertificateRecord> record = read_certificate(row);
  row.reset();
  return with_revocation(TRY(std::move(record)));
}

// As in CRLs: of two final revocations the older one counts, else the newest entry.
Result<SerialStatus> SqliteReader::serial_status(const std::vector<IssuerId>& issuers,
                                                 const x509::SerialNumber& serial) {
  std::optional<Revocation> counts;
  for (const IssuerId issuer : issuers) {
    auto found = TRY(newest_entry(issuer, serial));
    if (found && (!counts || outweighs(*found, *counts))) counts = std::move(found);
  }
  if (counts && counts->reason != RevocationReason::remove_from_crl) {
    return SerialStatus{SerialStanding::revoked, counts->revoked_at, counts->reason};
  }
  sql::Statement& row = statements_->state;
  for (const IssuerId issuer : issuers) {
    TRY(row.start(serial.magnitude(), issuer.value));
    const bool issued = TRY(row.step()) && row.integer(0) == static_cast<std::int64_t>(CertificateState::issued);
    row.reset();
    if (issued) return SerialStatus{.standing = SerialStanding::issued};
  }
  return SerialStatus();
}

Result<std::vector<std::vector<SerialStatus>>> SqliteReader::serial_statuses(const std::vector<SerialsOf>& asked) {
  const sql::Snapshot snapshot = TRY(sql::Snapshot::begin(connection_));
  std::vector<std::vector<SerialStatus>> out;
  out.reserve(asked.size());
  for (const SerialsOf& of : asked) {
    std::vector<SerialStatus>& statuses = out.emplace_back();
    statuses.reserve(of.serials.size());
    for (const x509::SerialNumber& serial : of.serials) statuses.push_back(TRY(serial_status(of.issuers, serial)));
  }
  return out;
}

Result<std::vector<CertificateRecord>> SqliteReader::certificates(const std::vector<CertificateId>& ids) {
  std::vector<CertificateRecord> out;
  out.reserve(ids.size());
  for (const CertificateId id : ids) {
    Result<CertificateRecord> record = certificate(id);
    if (!record && record.error().code == Code::not_found) continue;
    out.push_back(TRY(std::move(record)));
  }
  return out;
}

Result<Bytes> SqliteReader::certificate_der(CertificateId id) {
  const CertificateRecord record = TRY(certificate(id));
  if (record.state != CertificateState::issued) {
    return fail(Code::not_found, "certificate {} was not issued, it is {}", id.value, name(record.state));
  }
  TRY(statements_->body.start(id.value));
  if (!TRY(statements_->body.step())) return fail(Code::ledger_corrupt, "certificate {} is lost", id.value);
  Bytes der = to_bytes(statements_->body.blob(0));
  statements_->body.reset();
  return der;
}

Result<Bytes> SqliteReader::reserved_tbs(CertificateId id) {
  const CertificateRecord record = TRY(certificate(id));
  sql::Statement& row = record.state == CertificateState::reserved ? statements_->tbs : statements_->body;
  TRY(row.start(id.value));
  if (!TRY(row.step())) return fail(Code::ledger_corrupt, "the bytes of {} are lost", id.value);
  const bool issued = record.state == CertificateState::issued;
  Bytes tbs = to_bytes(issued ? tbs_of(row.blob(0)) : row.blob(0));
  row.reset();
  return tbs;
}

Result<std::vector<CertificateRecord>> SqliteReader::read_all(sql::Statement& started) {
  std::vector<CertificateRecord> out;
  while (TRY(started.step())) out.push_back(TRY(with_revocation(TRY(read_certificate(started)))));
  return out;
}

Result<std::vector<CertificateRecord>> SqliteReader::with_serial(const x509::SerialNumber& serial) {
  TRY(statements_->with_serial.start(serial.magnitude()));
  return read_all(statements_->with_serial);
}

Result<std::vector<CertificateRecord>> SqliteReader::newest(std::int64_t before, std::size_t limit) {
  TRY(statements_->newest.start(before, static_cast<std::int64_t>(limit)));
  return read_all(statements_->newest);
}

Result<std::vector<CertificateRecord>> SqliteReader::unfinished() {
  TRY(statements_->unfinished.start());
  return read_all(statements_->unfinished);
}

Result<std::vector<Issuer>> SqliteReader::issuers() {
  std::vector<Issuer> out;
  TRY(statements_->issuers.start());
  while (TRY(statements_->issuers.step())) out.push_back(TRY(read_issuer(statements_->issuers)));
  return out;
}

Status SqliteReader::revocations(std::uint64_t after, const Ledger::RevocationVisitor& each) {
  TRY(statements_->revocations.start(static_cast<std::int64_t>(after)));
  return visit(statements_->revocations, each);
}

Status SqliteReader::revocations(const RevocationRange& range, const Ledger::RevocationVisitor& each) {
  if (range.whole()) return revocations(range.after, each);
  const ByteView first(&range.first_octet, 1);
  const ByteView last(&range.last_octet, 1);
  TRY(statements_->revocations_by_octet.start(first, last, static_cast<std::int64_t>(range.after)));
  return visit(statements_->revocations_by_octet, each);
}

Status SqliteReader::visit(sql::Statement& started, const Ledger::RevocationVisitor& each) {
  while (TRY(started.step())) {
    if (each(TRY(read_revocation(started))) == Proceed::no) break;
  }
  started.reset();
  return {};
}

Result<std::uint64_t> SqliteReader::newest_revocation() {
  return static_cast<std::uint64_t>(TRY(connection_.integer("SELECT ifnull(max(sequence), 0) FROM revocations")));
}

Result<std::optional<FirstRequest>> SqliteReader::first_request(const crypto::Sha256& key) {
  sql::Statement& row = statements_->first_request;
  TRY(row.start(key));
  if (!TRY(row.step())) return std::optional<FirstRequest>();
  Result<FirstRequest> found = read_repeatable(row);
  row.reset();
  return std::optional<FirstRequest>(TRY(std::move(found)));
}

Result<std::optional<Repeatable>> SqliteReader::repeatable(CertificateId id) {
  sql::Statement& row = statements_->repeatable;
  TRY(row.start(id.value));
  if (!TRY(row.step())) return std::optional<Repeatable>();
  Result<FirstRequest> found = read_repeatable(row);
  row.reset();
  return std::optional<Repeatable>(TRY(std::move(found)).repeatable);
}

Result<AuditHead> SqliteReader::audit_head() {
  TRY(statements_->head.start());
  if (!TRY(statements_->head.step())) return fail(Code::audit_broken, "there is no entry at all");
  const AuditEntry entry = TRY(read_audit_entry(statements_->head));
  statements_->head.reset();
  return AuditHead{entry.sequence, entry.time, entry.hash};
}

Result<std::optional<UnixSeconds>> SqliteReader::rollback_accepted() {
  sql::Statement row = TRY(connection_.prepare("SELECT value FROM meta WHERE key = ?"));
  TRY(row.start(kRollbackAccepted));
  if (!TRY(row.step())) return std::optional<UnixSeconds>();
  std::uint64_t count = 0;
  for (const std::uint8_t octet : row.blob(0)) count = (count << 8U) | octet;
  return std::optional(UnixSeconds{static_cast<std::int64_t>(count)});
}

Result<std::vector<AuditEntry>> SqliteReader::audit(std::uint64_t after, std::size_t limit) {
  std::vector<AuditEntry> out;
  TRY(statements_->audit.start(static_cast<std::int64_t>(after), static_cast<std::int64_t>(limit)));
  while (TRY(statements_->audit.step())) out.push_back(TRY(read_audit_entry(statements_->audit)));
  return out;
}

Status SqliteReader::walk_certificates(const std::function<Proceed(const CertificateRecord&)>& each) {
  sql::Statement rows =
      TRY(connection_.prepare(fmt::format("SELECT {} FROM certificates c ORDER BY c.id", kCertificateColumns)));
  TRY(rows.start());
  while (TRY(rows.step())) {
    if (each(TRY(read_certificate(rows))) == Proceed::no) break;
  }
  return {};
}

Result<ReaderPool::Lease> ReaderPool::lease() {
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !idle_.empty() || open_ < most_; });
    if (!idle_.empty()) {
      Lease lease(*this, std::move(idle_.back()));
      idle_.pop_back();
      return lease;
    }
    ++open_;
  }
  Result<std::unique_ptr<SqliteReader>> reader = SqliteReader::open(path_);
  if (!reader) {
    const std::lock_guard lock(mutex_);
    --open_;
    freed_.notify_one();
    return std::unexpected(reader.error());
  }
  return Lease(*this, std::move(*reader));
}

void ReaderPool::give_back(std::unique_ptr<SqliteReader> reader) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(reader));
  freed_.notify_one();
}

}  // namespace symbolon::ledger
