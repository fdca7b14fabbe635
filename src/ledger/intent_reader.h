// Reads what another process reserved: the ledger as the signer sees it. Never writes a record, takes no lock.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "ledger/ledger.h"
#include "ledger/records.h"

namespace symbolon::ledger {

// A CA certificate, by the issuer that it came from.
struct CaSerial {
  IssuerId issuer;
  x509::SerialNumber serial;
};

// A serial with the bytes that were reserved for signing.
struct RecordedIntent {
  CertificateRecord record;
  Bytes tbs;
  std::optional<Revocation> ca_revocation = {};  // of one of the CAs that were asked about
};

// Thread-safe.
class IntentReader {
 public:
  // Every connection is opened, and has read, when this returns: no file is opened later. Fails as SqliteLedger::open
  // does, but for the lock; the schema is not brought up to date (ledger_newer, ledger_corrupt when it does not fit;
  // see SqliteLedger::bring_up_to_date).
  static Result<std::unique_ptr<IntentReader>> open(const Path& path, std::size_t connections);
  ~IntentReader();

  Result<std::vector<Issuer>> issuers();
  // The newest commit is seen, and the same one for the intent and for the CAs that would vouch for it. Fails with
  // not_found.
  Result<RecordedIntent> find(IssuerId issuer, const x509::SerialNumber& serial, const std::vector<CaSerial>& cas);
  // As Ledger::serial_statuses for each, all as of one commit.
  Result<std::vector<std::vector<SerialStatus>>> serial_statuses(const std::vector<SerialsOf>& asked);
  // As Ledger has them; of one commit. `each` runs on this thread and may stop the walk.
  Status revocations(std::uint64_t after, const Ledger::RevocationVisitor& each);
  Status revocations(const RevocationRange& range, const Ledger::RevocationVisitor& each);
  Result<std::uint64_t> newest_revocation();  // Revocation::sequence; 0: there is none
  Result<AuditHead> audit_head();
  Result<std::vector<AuditEntry>> audit(std::uint64_t after, std::size_t limit);

 private:
  struct Impl;
  explicit IntentReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::ledger
