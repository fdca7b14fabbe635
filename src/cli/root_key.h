// The root's key, where it is: used here, and never sent.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "cli/session.h"
#include "crypto/key.h"
#include "enroll/authority_client.h"
#include "x509/certificate.h"

namespace symbolon::cli {

struct RootKeyWords {
  std::optional<std::string> root_key;
  std::optional<std::string> passphrase_file;
};

struct Root {
  x509::Certificate certificate;
  crypto::PrivateKey key;
};

// Of the authority that is asked; its key from the file that was said, else beside the root that one trusts, or in the
// state folder here. Asks for its passphrase. Fails with issuer_unknown (no root of its own), key_mismatch, file_...,
// passphrase_...
Result<Root> open_root(const RootKeyWords& words, enroll::AuthorityClient& authority, const Session& session);

}  // namespace symbolon::cli
