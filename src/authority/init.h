// `symbolon init`: a whole authority from nothing, or nothing at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/hierarchy.h"
#include "authority/imported_ca.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "x509/certificate.h"

namespace symbolon::authority {

struct InitOptions {
  std::string organization;                          // "Example Corp": O of all subjects
  Path state;                                        // the folder to make, 0700; must not exist, or be empty
  Path config = {};                                  // symbolon.yaml to write; empty: none is written
  crypto::KeyType key_type = crypto::KeyType::p256;  // of the CAs that are made
  // Encrypts root.key. Needed when a root is made; without it the key of an imported root is not kept.
  Secret root_passphrase = {};
  Secret issuing_passphrase = {};  // encrypts issuing.key; empty: it lies plain in a private file
  Seconds root_lifetime = kRootLifetime;
  Seconds issuing_lifetime = kIssuingLifetime;
  x509::NameConstraints name_constraints = {};  // of the issuing CA
  std::optional<ImportedCa> root = {};          // stands instead of a new root
  std::optional<ImportedCa> issuing = {};       // stands instead of root and issuing CA; its file holds those above it
  std::string actor = "init";
};

struct InitResult {
  std::optional<x509::Certificate> root;  // what everybody must trust; absent: an imported CA came without its root
  x509::Certificate issuing;
  x509::Certificate admin;  // state/admin.crt, admin.key: all rights over the network API
  std::vector<std::string> notes;
};

// Builds everything in a folder beside `state` and renames it: an interrupted init leaves no state, and what is left of
// it is removed by the next. Fails with already_exists (a state is there), file_exists (another configuration is
// there), file_unwritable, passphrase_needed, name_malformed, state_locked (another init runs), and the codes of
// hierarchy.h and imported_ca.h.
Result<InitResult> init(const InitOptions& options, const Clock& clock);

// The commented symbolon.yaml; `state` as it is to stand in the file.
std::string initial_configuration(std::string_view organization, std::string_view state);

}  // namespace symbolon::authority
