// The key of heads (revocation/signed_head.h): heads.key in the state folder, P-256, outside the ledger, and the
// signer's as issuing keys are; heads.pub beside it is for everybody.
#pragma once

#include <functional>
#include <memory>

#include "authority/key_source.h"
#include "authority/state_layout.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"

namespace symbolon::authority {

enum class AtRest : std::uint8_t { plain, encrypted };

// The key. Where there was never one (heads.pub is missing, too) it is made, and lies as `at_rest` says: as the issuing
// keys do. Fails as keys_in_files, with key_mismatch (heads.pub is of another one), file_missing (heads.pub is there
// and the key is not: what it signed before would no longer be verified by a new one), file_unwritable.
using HeadKeySource = std::function<Result<std::shared_ptr<const crypto::Signer>>(AtRest at_rest)>;
HeadKeySource head_key_in_files(StateLayout layout, AskPassphrase ask);

// A new key, encrypted unless the passphrase is empty. Fails with file_exists, file_unwritable, crypto_failed.
Status make_head_key(const StateLayout& layout, const Secret& passphrase);

// Reads heads.pub, or another file like it: one public key, PEM. Fails with audit_head_not_ours, pem_malformed,
// file_...
Result<crypto::PublicKey> read_head_key(const Path& file);
// As such a file has it.
std::string head_key_pem(const crypto::PublicKey& key);

}  // namespace symbolon::authority
