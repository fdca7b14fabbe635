// A credential out of files of any of the forms that programs export.
#pragma once

#include <memory>
#include <optional>

#include "base/file.h"
#include "base/secret.h"
#include "tls/credential.h"

namespace symbolon::tls {

struct CredentialFiles {
  Path certificate;              // PEM with its chain behind it, DER, or PKCS#12 with key and chain in any order
  std::optional<Path> key = {};  // PEM; absent: it stands in the certificate's file
  Secret passphrase = {};        // opens the key or the PKCS#12; may be empty
};

// The file with the key must be private to us (key_file_exposed). Fails as Credential::load does, and with
// pkcs12_malformed, passphrase_needed and passphrase_wrong.
Result<std::shared_ptr<const Credential>> load_credential(const CredentialFiles& files);

// The certificates alone, whatever the key: to show what was meant, where that is another's (key_mismatch).
Result<std::vector<x509::Certificate>> load_chain(const CredentialFiles& files);

}  // namespace symbolon::tls
