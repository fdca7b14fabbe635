// Reads what another process reserved: the ledger as the signer sees it. Never writes a record, takes no lock.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "ledger/records.h"

namespace symbolon::ledger {

// A serial with the bytes that were reserved for signing.
struct RecordedIntent {
  CertificateRecord record;
  Bytes tbs;
};

// Thread-safe.
class IntentReader {
 public:
  // Every connection is opened, and has read, when this returns: no file is opened later. Fails as SqliteLedger::open
  // does, but for the lock; the schema is not brought up to date (ledger_newer, ledger_corrupt when it does not fit).
  static Result<std::unique_ptr<IntentReader>> open(const Path& path, std::size_t connections);
  ~IntentReader();

  Result<std::vector<Issuer>> issuers();
  // The newest commit is seen. Fails with not_found.
  Result<RecordedIntent> find(IssuerId issuer, const x509::SerialNumber& serial);

 private:
  struct Impl;
  explicit IntentReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::ledger
