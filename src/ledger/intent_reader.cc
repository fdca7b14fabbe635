#include "ledger/intent_reader.h"

#include "ledger/schema.h"
#include "ledger/sqlite_reader.h"

namespace symbolon::ledger {
namespace {

Status check_version(SqliteReader& reader, const Path& path) {
  const std::int64_t version = TRY(reader.connection().integer("PRAGMA user_version"));
  const auto known = static_cast<std::int64_t>(migrations().size());
  if (version > known) {
    return fail_at(path.string(), Code::ledger_newer, "it has version {}, this program knows {}", version, known);
  }
  return {};
}

}  // namespace

struct IntentReader::Impl {
  Impl(const Path& path, std::size_t connections) : readers(path, connections) {}
  ReaderPool readers;
};

IntentReader::IntentReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IntentReader::~IntentReader() = default;

Result<std::unique_ptr<IntentReader>> IntentReader::open(const Path& path, std::size_t connections) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) {
    return fail_at(path.string(), Code::state_missing, "there is no ledger here");
  }
  auto impl = std::make_unique<Impl>(path, connections);
  std::vector<ReaderPool::Lease> all;  // at once, so that the pool has to open each
  for (std::size_t i = 0; i < connections; ++i) {
    ReaderPool::Lease reader = TRY(impl->readers.lease());
    TRY(check_version(*reader, path));
    static_cast<void>(TRY(reader->issuers()));  // the journal and its index are opened by the first read
    all.push_back(std::move(reader));
  }
  all.clear();
  return std::unique_ptr<IntentReader>(new IntentReader(std::move(impl)));
}

Result<std::vector<Issuer>> IntentReader::issuers() { return TRY(impl_->readers.lease())->issuers(); }

Result<RecordedIntent> IntentReader::find(IssuerId issuer, const x509::SerialNumber& serial,
                                          const std::vector<CaSerial>& cas) {
  const ReaderPool::Lease reader = TRY(impl_->readers.lease());
  // All reads of one state: else a completion between them would look like a lost row.
  const sql::Snapshot snapshot = TRY(sql::Snapshot::begin(reader->connection()));
  CertificateRecord record = TRY(reader->certificate(issuer, serial));
  Bytes tbs = TRY(reader->reserved_tbs(record.id));
  RecordedIntent out{.record = std::move(record), .tbs = std::move(tbs)};
  for (const CaSerial& ca : cas) {
    out.ca_revocation = TRY(reader->revocation(ca.issuer, ca.serial));
    if (out.ca_revocation) break;
  }
  return out;
}

Result<std::vector<std::vector<SerialStatus>>> IntentReader::serial_statuses(const std::vector<SerialsOf>& asked) {
  return TRY(impl_->readers.lease())->serial_statuses(asked);
}

// One statement sees one state.
Status IntentReader::revocations(std::uint64_t after, const Ledger::RevocationVisitor& each) {
  const ReaderPool::Lease reader = TRY(impl_->readers.lease());
  return reader->revocations(after, each);
}

Status IntentReader::revocations(const RevocationRange& range, const Ledger::RevocationVisitor& each) {
  const ReaderPool::Lease reader = TRY(impl_->readers.lease());
  return reader->revocations(range, each);
}

Result<AuditHead> IntentReader::audit_head() { return TRY(impl_->readers.lease())->audit_head(); }

Result<std::vector<AuditEntry>> IntentReader::audit(std::uint64_t after, std::size_t limit) {
  return TRY(impl_->readers.lease())->audit(after, limit);
}

Result<std::uint64_t> IntentReader::newest_revocation() { return TRY(impl_->readers.lease())->newest_revocation(); }

}  // namespace symbolon::ledger
