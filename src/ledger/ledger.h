// The durable record of the authority: nothing is signed that was not first recorded here, nothing recorded is lost.
//
// Every engine (SQLite now) passes the same contract test, ledger_contract_test.cc.
//
// Durability: a writing call has answered only after its transaction is on the disk. Calls of many threads share one
// transaction (group commit); one that is refused (serial_used, not_found, ...) does not disturb the others.
//
// Failures that any call can have: ledger_disk_full, ledger_io, ledger_corrupt, ledger_read_only, ledger_busy,
// overloaded (too many calls wait), cancelled (the ledger is closing). After a failure nothing of that call is
// recorded; a full disk can be mended while the process runs. After ledger_io the ledger takes no more writes until it
// is opened again, because what a failed fsync left behind is unknown.
//
// All members may be called from any thread.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "ledger/query.h"
#include "ledger/records.h"
#include "ledger/serial_status.h"

namespace symbolon::ledger {

// Called once, on the committer's thread, after the commit (or the failure). It must be short, must not throw and must
// not call the blocking members: hand the result to your own executor.
template <typename T>
using Done = std::move_only_function<void(Result<T>)>;

enum class Proceed : std::uint8_t { yes, no };  // no: the operation ends with `cancelled`
using Progress = std::function<Proceed(std::uint64_t done, std::uint64_t total)>;

// First octets of every serial drawn for this ledger: instances that share an issuer never draw the same serial.
using InstancePrefix = std::array<std::uint8_t, 4>;  // first bit clear, first octet not zero

struct Page {
  std::string after = {};  // `next` of the page before; empty: from the beginning
  std::size_t limit = 50;  // at most kLargestPage
};
inline constexpr std::size_t kLargestPage = 1000;

// How far searching is behind the commits.
struct IndexState {
  bool loading = false;       // the index is being built after the start
  std::uint64_t waiting = 0;  // records that searching does not see yet
};

struct Listing {
  std::vector<CertificateRecord> certificates;
  std::string next;  // for Page::after; empty: this was the last page
  IndexState index;
};

struct LedgerStatus {
  std::uint64_t certificates = 0;  // issued, revoked ones included
  std::uint64_t unfinished = 0;    // reserved, neither completed, abandoned nor revoked
  std::uint64_t revocations = 0;   // Revocation::sequence of the newest entry
  std::uint64_t revoked = 0;       // certificates that are revoked now, those on hold included
  AuditHead head;
  IndexState index;
  std::uint64_t octets = 0;   // on disk, journal included
  std::uint64_t commits = 0;  // since it was opened
  std::uint64_t waiting = 0;  // writes that wait for the next commit
  bool clock_set_back = false;
};

struct BackupReport {
  std::uint64_t octets = 0;
  AuditHead head;  // of the copy
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // -- identity
  virtual InstancePrefix instance_prefix() const = 0;

  // -- issuers. add_issuer fails with already_exists (the name, or the same certificate).
  virtual Result<IssuerId> add_issuer(NewIssuer issuer) = 0;
  virtual Status set_issuer_state(IssuerId issuer, IssuerState state, std::string actor) = 0;
  // From now on this one is in use, and no other. Fails with issuer_unknown.
  virtual Status use_issuer(IssuerId issuer, std::string actor) = 0;
  virtual Result<std::vector<Issuer>> issuers() = 0;

  // -- issuance
  // Records the bytes to be signed. Fails with serial_used, issuer_unknown, already_exists (the key of `repeatable`:
  // see first_request), or clock_set_back (the clock stands more than kClockTolerance before the newest entry).
  virtual void reserve_async(NewIntent intent, Done<IntentId> done) = 0;
  // Records the certificate. Fails with not_found, already_exists (completed or abandoned before) or bad_request (the
  // certificate is not what was reserved).
  virtual void complete_async(Completion completion, Done<CertificateId> done) = 0;
  // What was reserved under this key, if anything was.
  virtual Result<std::optional<FirstRequest>> first_request(const crypto::Sha256& key) = 0;
  // Says that nothing will be signed for this intent. Fails as complete does.
  virtual void abandon_async(IntentId intent, std::string why, Done<void> done) = 0;
  Result<IntentId> reserve(NewIntent intent);
  Result<CertificateId> complete(Completion completion);
  Status abandon(IntentId intent, std::string why);
  // One answer for each, in order; they share commits.
  std::vector<Result<IntentId>> reserve_many(std::vector<NewIntent> intents);
  std::vector<Result<CertificateId>> complete_many(std::vector<Completion> completions);

  // Intents that were reserved and neither completed, abandoned nor revoked, oldest first: after a start, what was
  // being signed when the process ended.
  virtual Result<std::vector<CertificateRecord>> unfinished() = 0;

  // Takes the present time for the right one although entries are newer (they were made under a clock that ran ahead).
  virtual Result<AuditHead> accept_clock(std::string actor) = 0;

  // Gives up, for this history of the ledger, what signed heads of another one vouch for that were signed until then.
  virtual Result<AuditHead> accept_rollback(UnixSeconds until, std::string actor) = 0;
  // Until when; none: nothing was given up.
  virtual Result<std::optional<UnixSeconds>> rollback_accepted() = 0;

  // -- revocation. Idempotent: a second one changes nothing and says so; but a final one follows a hold. A reserved or
  // abandoned serial can be revoked too. Works with a clock that was set back (the time is then that of the newest
  // entry). Fails with not_found (unless unknown serials are accepted), issuer_unknown, bad_request (removeFromCRL).
  virtual void revoke_async(NewRevocation revocation, Done<RevocationOutcome> done) = 0;
  Result<RevocationOutcome> revoke(NewRevocation revocation);
  // Ends a hold. Idempotent, too. Fails with not_on_hold: it is revoked for good, never was on hold, or is so since
  // later (NewRelease::released_at).
  virtual void release_async(NewRelease release, Done<ReleaseOutcome> done) = 0;
  Result<ReleaseOutcome> release(NewRelease release);
  // Every entry with a sequence above `after`, in order; releases among them. `each` runs on this thread and may stop
  // the walk.
  using RevocationVisitor = std::function<Proceed(const Revocation&)>;
  virtual Status revocations(std::uint64_t after, const RevocationVisitor& each) = 0;
  // Those of the serials whose last octet is one of these, in order: quick where few are.
  virtual Status revocations(const RevocationRange& range, const RevocationVisitor& each) = 0;
  // Called for every new entry on the committer's thread, after its commit and before revoke answers: whoever
  // has the answer knows that the hooks have run. Same duties as Done. Lasts as long as the ledger.
  virtual void on_revocation(std::function<void(const Revocation&)> hook) = 0;

  // -- queries
  // Newest first unless the query sorts otherwise. Fails with bad_request for an `after` that is no cursor.
  virtual Result<Listing> list(const Query& query, const Page& page) = 0;
  // What a person may mean: a serial (hex, colon hex, or dec:), a fingerprint, else a subject, common name or
  // subjectAltName (whole, any case). At most `limit`, newest first; empty if nothing fits.
  virtual Result<std::vector<CertificateRecord>> find(std::string_view what, std::size_t limit) = 0;
  // Fails with not_found.
  virtual Result<CertificateRecord> certificate(CertificateId id) = 0;
  virtual Result<CertificateRecord> certificate(IssuerId issuer, const x509::SerialNumber& serial) = 0;
  // One status for each serial, in their order, all as of one commit. The issuers are CA certificates of one name and
  // key: a serial is revoked where one of them has it so for good, else as the newest entry of all says, else issued
  // where one of them has.
  virtual Result<std::vector<SerialStatus>> serial_statuses(const std::vector<IssuerId>& issuers,
                                                            const std::vector<x509::SerialNumber>& serials) = 0;
  // The certificate in DER; not_found if it was never issued.
  virtual Result<Bytes> certificate_der(CertificateId id) = 0;
  // The bytes that were reserved for signing, whatever became of them.
  virtual Result<Bytes> reserved_tbs(CertificateId id) = 0;
  virtual Result<LedgerStatus> status() = 0;

  // -- changes that need two persons
  // The one of this digest that is not used yet, if there is one, else a new one.
  virtual Result<Change> ask_change(NewChange change) = 0;
  // Fails with not_found, or same_person (who asked). One that is approved stays as it is.
  virtual Result<Change> approve_change(ChangeId change, std::string actor) = 0;
  // Notes that it is being done. Fails with not_found, approval_needed, or already_exists (it was done before).
  virtual Result<Change> use_change(ChangeId change, std::string actor) = 0;
  // The newest of this digest, used or not.
  virtual Result<std::optional<Change>> find_change(const crypto::Sha256& digest) = 0;
  // Newest first.
  virtual Result<std::vector<Change>> changes(std::size_t limit) = 0;

  // -- gateways. Adding one that is there changes nothing. Forgetting fails with not_found.
  virtual Result<KnownGateway> add_gateway(std::string name) = 0;
  virtual Result<KnownGateway> forget_gateway(std::string name, std::string actor) = 0;
  virtual Result<std::vector<KnownGateway>> gateways() = 0;  // by name

  // -- audit chain
  virtual Result<AuditHead> note(AuditNote note) = 0;
  virtual Result<AuditHead> audit_head() = 0;
  // Entries with a sequence above `after`.
  virtual Result<std::vector<AuditEntry>> audit(std::uint64_t after, std::size_t limit) = 0;
  // Recomputes the whole chain and compares every certificate, revocation and issuer with its entries. Fails with
  // audit_broken (the first bad entry) or ledger_corrupt. `against`: a head of before, which the chain must still hold;
  // else it fails with audit_head_mismatch.
  virtual Result<VerifyReport> verify(const Progress& progress, const std::optional<AuditHead>& against) = 0;
  Result<VerifyReport> verify(const Progress& progress) { return verify(progress, std::nullopt); }

  // -- backup: a consistent copy while everything goes on, complete and 0600 when its name appears. Fails with
  // file_exists, file_unwritable, ledger_disk_full.
  virtual Result<BackupReport> backup(const Path& to, const Progress& progress) = 0;
};

inline constexpr Seconds kClockTolerance{300};

}  // namespace symbolon::ledger
