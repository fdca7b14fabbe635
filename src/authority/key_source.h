// Where the keys of issuing CAs are: in this process, or behind the signer.
#pragma once

#include <functional>
#include <memory>

#include "authority/state_layout.h"
#include "base/error.h"
#include "base/secret.h"
#include "contain/privileges.h"
#include "crypto/key.h"
#include "ledger/records.h"
#include "signer/client.h"
#include "x509/certificate.h"

namespace symbolon::authority {

// A CA's key.
struct SourcedKey {
  std::shared_ptr<const crypto::Signer> signer = nullptr;  // null: it is not at hand
  bool encrypted = false;                                  // its file is
};

// Never asked for the root's.
using KeySource = std::function<Result<SourcedKey>(const ledger::Issuer& issuer, const x509::Certificate& certificate)>;

// Asked once, when the first key proves to be encrypted. `file` is for the question.
using AskPassphrase = std::function<Result<Secret>(const Path& file)>;

// The same, which asks once, whichever keys it is asked for: one passphrase is that of all keys of a state.
AskPassphrase asked_once(AskPassphrase ask);

// Keys that lie in files and are read into this process: in $CREDENTIALS_DIRECTORY where systemd gave one of that name,
// else in the state folder. The source fails with key_file_exposed, key_mismatch, key_unreadable, passphrase_needed
// (encrypted, and `ask` is empty), passphrase_wrong.
KeySource keys_in_files(StateLayout layout, AskPassphrase ask);

// Keys of another process, which signs what the ledger holds. The source fails with key_mismatch when the signer has
// another key for that CA.
KeySource keys_behind(std::shared_ptr<signer::Client> client);
// For root, where the signer has a user of its own: such files become that user's. Whatever is no plain file of one
// name is left as it is. Fails with file_unwritable.
Status give_keys_to(const contain::User& signer, const std::vector<Path>& files);
// Does the signer have a key of an encrypted file? (AuthorityOptions::keys_are_encrypted)
std::function<bool()> encrypted_behind(std::shared_ptr<signer::Client> client);

}  // namespace symbolon::authority
