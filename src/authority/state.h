// Opening the state folder whole (what lies where: state_layout.h).
#pragma once

#include <memory>
#include <vector>

#include "authority/issuer.h"
#include "authority/key_source.h"
#include "authority/state_layout.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "ledger/ledger.h"

namespace symbolon::authority {

// An opened state. Owns the lock: a second process gets state_locked.
struct State {
  StateLayout layout;
  FileLock lock;
  std::unique_ptr<ledger::Ledger> ledger;
  std::shared_ptr<const IssuerSet> issuers;
};

// Fails with state_missing, state_locked, ledger_..., and as load_issuers. The clock outlives the state.
Result<State> open_state(const Path& folder, const Clock& clock, const KeySource& keys);

// The issuers that a ledger lists; those that may sign with the signers that `keys` has for them. The root's key is
// never asked for; an issuing CA without key opens and cannot sign. Fails as the source, and with ledger_corrupt.
Result<std::shared_ptr<const IssuerSet>> load_issuers(const StateLayout& layout,
                                                      const std::vector<ledger::Issuer>& listed, const KeySource& keys);

// Makes anchors.crt say what the set says; it is left alone if it does already. Fails with file_unwritable.
Status write_anchors(const StateLayout& layout, const IssuerSet& issuers);

}  // namespace symbolon::authority
