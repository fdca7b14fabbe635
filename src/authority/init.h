// `symbolon init`: a whole authority from nothing, or nothing at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/hierarchy.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"

namespace symbolon::authority {

struct InitOptions {
  std::string organization;                          // "Example Corp": O of all subjects
  Path state;                                        // the folder to make, 0700; must not exist or be empty
  Path config;                                       // symbolon.yaml to write; must not exist. Empty: none is written
  crypto::KeyType key_type = crypto::KeyType::p256;  // of both CAs
  // Encrypts root.key. Empty is refused (passphrase_needed) unless the root is imported without its key.
  Secret root_passphrase;
  Seconds root_lifetime = kRootLifetime;
  Seconds issuing_lifetime = kIssuingLifetime;
  x509::NameConstraints name_constraints = {};  // of the issuing CA
  std::optional<ImportedCa> root = {};          // stands instead of a new root
  std::optional<ImportedCa> issuing = {};       // stands instead of root and issuing CA; its root comes in its chain
  std::string requester = "init";
};

struct InitResult {
  Path state;
  Path config;
  x509::Certificate root;  // what everybody must trust
  x509::Certificate issuing;
  x509::Certificate admin;  // state/admin.crt, admin.key: rights over the network API
  std::vector<std::string> notes;
};

// Builds everything in a temporary folder beside `state` and renames it: an interrupted init leaves no state. Leftovers
// of an interrupted one are removed. Fails with already_exists (state or configuration is there), file_unwritable,
// passphrase_needed, name_malformed, and the codes of hierarchy.h.
Result<InitResult> init(const InitOptions& options, const Clock& clock);

}  // namespace symbolon::authority
