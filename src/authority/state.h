// The state folder: what lies where, and opening it whole.
//
//   lock                      held while a process uses the state
//   ledger.db                 issuers, intents, certificates, revocations, audit chain
//   root.crt, root.key        the root; the key encrypted (PKCS#8), not needed to run: move it off the machine
//   issuing.crt, issuing.key  an issuing CA and its key, 0600; further ones issuing-2.crt, ...
//   anchors.crt               what trusting this authority means, for gateways: the root, or an imported issuing CA
//   admin.crt, admin.key      the first admin's certificate (with its chain) and key
//   authority.sock            the API, while it runs
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "authority/issuer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "ledger/ledger.h"

namespace symbolon::authority {

struct StateLayout {
  Path folder;
  Path lock() const { return folder / "lock"; }
  Path ledger() const { return folder / "ledger.db"; }
  Path anchors() const { return folder / "anchors.crt"; }
  Path socket() const { return folder / "authority.sock"; }
  Path certificate(std::string_view name) const { return folder / (std::string(name) + ".crt"); }
  Path key(std::string_view name) const { return folder / (std::string(name) + ".key"); }
};

// An opened state. Owns the lock: a second process gets state_locked.
struct State {
  StateLayout layout;
  FileLock lock;
  std::unique_ptr<ledger::Ledger> ledger;
  std::shared_ptr<const IssuerSet> issuers;
};

// Fails with state_missing, state_locked, ledger_..., and as load_issuers. The clock outlives the state.
Result<State> open_state(const Path& folder, const Clock& clock);

// The issuers of the ledger; those that may sign with the keys that lie in the folder. The root's key is never read; an
// issuing CA without key file opens and cannot sign. Fails with key_file_exposed, key_mismatch, key_unreadable,
// passphrase_needed, ledger_corrupt.
Result<std::shared_ptr<const IssuerSet>> load_issuers(const StateLayout& layout, ledger::Ledger& ledger);

// Makes anchors.crt say what the set says; it is left alone if it does already. Fails with file_unwritable.
Status write_anchors(const StateLayout& layout, const IssuerSet& issuers);

}  // namespace symbolon::authority
