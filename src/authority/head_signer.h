// Who signs heads (revocation/signed_head.h): the signer process, or this one.
#pragma once

#include <memory>

#include "authority/head_key.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "ledger/ledger.h"
#include "revocation/signed_head.h"
#include "signer/client.h"

namespace symbolon::authority {

// Thread-safe.
class HeadSigner {
 public:
  virtual ~HeadSigner() = default;
  // The public key. Fails with file_missing (there is no key of heads), and as HeadKeySource.
  virtual Result<crypto::PublicKey> key() = 0;
  // The newest head of that chain, as the ledger has it now. Fails likewise, as HeadBook::sign, with
  // signer_unreachable, overloaded.
  virtual Result<revocation::SignedHead> sign(revocation::HeadKind kind) = 0;
};

std::shared_ptr<HeadSigner> head_signer_behind(std::shared_ptr<signer::Client> client);

// With a key of this process, which is opened when it is first needed. Ledger and clock are borrowed.
std::unique_ptr<HeadSigner> head_signer_here(HeadKeySource key, AtRest at_rest, ledger::Ledger& ledger,
                                             const Clock& clock);

}  // namespace symbolon::authority
