// One connection that reads, with its statements; and the pool of them. Every call sees the newest commit.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "ledger/ledger.h"
#include "ledger/sql.h"

namespace symbolon::ledger {

class SqliteReader {
 public:
  static Result<std::unique_ptr<SqliteReader>> open(const Path& path);
  ~SqliteReader();

  Result<CertificateRecord> certificate(CertificateId id);
  Result<CertificateRecord> certificate(IssuerId issuer, const x509::SerialNumber& serial);
  // The one that holds now.
  Result<std::optional<Revocation>> revocation(IssuerId issuer, const x509::SerialNumber& serial);
  // Ledger::serial_statuses for each, all in one snapshot.
  Result<std::vector<std::vector<SerialStatus>>> serial_statuses(const std::vector<SerialsOf>& asked);
  Result<Bytes> certificate_der(CertificateId id);
  Result<Bytes> reserved_tbs(CertificateId id);
  // In the order of the ids; those that are gone are left out.
  Result<std::vector<CertificateRecord>> certificates(const std::vector<CertificateId>& ids);
  // Of every issuer.
  Result<std::vector<CertificateRecord>> with_serial(const x509::SerialNumber& serial);
  // The newest with ids below `before`.
  Result<std::vector<CertificateRecord>> newest(std::int64_t before, std::size_t limit);
  Result<std::vector<CertificateRecord>> unfinished();
  Result<std::vector<Issuer>> issuers();
  Status revocations(std::uint64_t after, const Ledger::RevocationVisitor& each);
  Status revocations(const RevocationRange& range, const Ledger::RevocationVisitor& each);
  Result<std::uint64_t> newest_revocation();
  Result<std::optional<FirstRequest>> first_request(const crypto::Sha256& key);
  // Under which key this certificate was asked for.
  Result<std::optional<Repeatable>> repeatable(CertificateId id);
  Result<std::vector<KnownGateway>> gateways();  // sqlite_gateways.cc
  // sqlite_changes.cc
  Result<std::optional<Change>> find_change(const crypto::Sha256& digest);
  Result<std::optional<Change>> change(ChangeId id);
  Result<std::vector<Change>> changes(std::size_t limit);
  Result<AuditHead> audit_head();
  Result<std::optional<UnixSeconds>> rollback_accepted();
  Result<std::vector<AuditEntry>> audit(std::uint64_t after, std::size_t limit);
  // Every certificate, by id, revocations left out.
  Status walk_certificates(const std::function<Proceed(const CertificateRecord&)>& each);

  sql::Connection& connection() { return connection_; }

 private:
  struct Statements;
  explicit SqliteReader(sql::Connection connection);
  Result<std::optional<Revocation>> newest_entry(IssuerId issuer, const x509::SerialNumber& serial);
  Result<SerialStatus> serial_status(const std::vector<IssuerId>& issuers, const x509::SerialNumber& serial);
  static Status visit(sql::Statement& started, const Ledger::RevocationVisitor& each);
  Result<CertificateRecord> with_revocation(CertificateRecord record);
  Result<std::vector<CertificateRecord>> read_all(sql::Statement& started);

  sql::Connection connection_;
  std::unique_ptr<Statements> statements_;
};

// Opens readers as they are needed, up to a limit; beyond it callers wait for one.
class ReaderPool {
 public:
  ReaderPool(Path path, std::size_t most) : path_(std::move(path)), most_(most) {}

  // A reader of one thread, until the lease ends.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<SqliteReader> reader) : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (reader_) pool_->give_back(std::move(reader_));
    }
    SqliteReader* operator->() const { return reader_.get(); }
    SqliteReader& operator*() const { return *reader_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<SqliteReader> reader_;
  };
  Result<Lease> lease();

 private:
  void give_back(std::unique_ptr<SqliteReader> reader);

  const Path path_;
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<SqliteReader>> idle_;
  std::size_t open_ = 0;
};

}  // namespace symbolon::ledger
