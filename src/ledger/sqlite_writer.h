// The one connection that writes: every change of the ledger with its audit entry. Used by the committer's thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/ledger.h"
#include "ledger/search_change.h"
#include "ledger/sql.h"

namespace symbolon::ledger {

// What others are to be told once a batch is durable.
struct Committed {
  std::vector<SearchChange> changes;
  std::vector<Revocation> revocations;
};

// Operations run between begin and commit. One that is refused changes nothing; one that fails with a code of the
// engine (sql::engine_failed) leaves the batch to be rolled back.
class SqliteWriter {
 public:
  // The schema is up to date. Fails with audit_broken if the newest entries do not fit each other.
  static Result<std::unique_ptr<SqliteWriter>> open(const Path& path, const Clock& clock);
  ~SqliteWriter();

  Status begin();
  Result<Committed> commit();
  void rollback();

  Result<IssuerId> add_issuer(const NewIssuer& issuer);
  Status set_issuer_state(IssuerId issuer, IssuerState state, const std::string& actor);
  Status use_issuer(IssuerId issuer, const std::string& actor);
  Result<IntentId> reserve(const NewIntent& intent);
  Result<CertificateId> complete(const Completion& completion, const x509::Fingerprint& fingerprint);
  Status abandon(IntentId intent, const std::string& why);
  Result<RevocationOutcome> revoke(const NewRevocation& revocation);
  Result<ReleaseOutcome> release(const NewRelease& release);
  // sqlite_gateways.cc
  Result<KnownGateway> add_gateway(const std::string& name);
  Result<KnownGateway> forget_gateway(const std::string& name, const std::string& actor);
  // sqlite_changes.cc
  Result<Change> ask_change(const NewChange& change);
  Result<Change> approve_change(ChangeId change, const std::string& actor);
  Result<Change> use_change(ChangeId change, const std::string& actor);
  Result<AuditHead> note(const AuditNote& note);
  Result<AuditHead> accept_clock(const std::string& actor);
  Result<AuditHead> accept_rollback(UnixSeconds until, const std::string& actor);

  const InstancePrefix& instance_prefix() const { return prefix_; }
  sql::Connection& connection() { return connection_; }

 private:
  struct Statements;
  // What the next entry needs to know; goes back with a rollback.
  struct Counters {
    std::int64_t last_certificate = 0;
    std::uint64_t last_revocation = 0;
    AuditHead head;
  };
  struct Entry {
    std::string_view actor;
    std::string_view action;
    std::int64_t object = 0;
    std::string details;
    crypto::Sha256 digest{};
  };

  SqliteWriter(sql::Connection connection, const Clock& clock);
  Status load();
  Status append(UnixSeconds time, Entry entry);
  UnixSeconds now() const;  // never before the newest entry
  Status check_clock() const;
  Result<Change> change(ChangeId id);
  Status find_finished(IntentId intent);  // why an intent is not there
  Result<std::optional<Revocation>> newest_entry(IssuerId issuer, const x509::SerialNumber& serial);
  Result<Revocation> record(Revocation entry);  // without its number

  sql::Connection connection_;
  const Clock& clock_;
  std::unique_ptr<Statements> statements_;
  InstancePrefix prefix_{};
  Counters now_;   // of the open batch
  Counters safe_;  // of the last commit
  Committed batch_;
};

}  // namespace symbolon::ledger
