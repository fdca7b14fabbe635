// A certificate that an authority issues to us and that we keep fresh: for routes with `certificate: { from: authority
// }`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "crypto/key.h"
#include "enroll/authority_client.h"
#include "tls/credential.h"

namespace symbolon::enroll {

// What is asked for, and where it is kept. A credential that was issued for another wish is replaced.
struct CredentialWish {
  // PEM with key, leaf and chain in one file of mode 0600, so that one rename replaces all of it.
  Path file;
  std::string profile;
  std::vector<std::string> names;  // as x509::GeneralName::parse reads them
  std::optional<std::string> common_name = {};
  std::optional<Seconds> lifetime = {};
  crypto::KeyType key_type = crypto::KeyType::p256;
};

enum class CredentialOrigin : std::uint8_t { kept, issued };

struct ManagedCredential {
  std::shared_ptr<const tls::Credential> credential;
  UnixSeconds renew_at;  // call keep_fresh again then
  CredentialOrigin origin = CredentialOrigin::kept;
  std::optional<Error> problem = {};  // a new one was due and could not be had; the old one still holds
};

// When two thirds of its life are over, less a share of up to a twelfth that its fingerprint decides, so that what was
// issued together is not renewed together.
UnixSeconds renewal_time(const x509::Certificate& leaf);

// The credential in the file, whatever its dates. None: no file, or one that was made for another wish. Fails with
// key_file_exposed, key_unreadable, key_mismatch, ...
Result<std::optional<std::shared_ptr<const tls::Credential>>> load_credential(const CredentialWish& wish);

// The credential in the file while it is fresh and not revoked; else a new key (which never leaves this machine), a
// request, a certificate, and the file replaced. Blocks. Fails when there is no credential that could be used at all:
// as AuthorityClient::issue, name_malformed, file_unwritable, key_mismatch (of the answer).
Result<ManagedCredential> keep_fresh(const CredentialWish& wish, AuthorityClient& authority, const Clock& clock);

}  // namespace symbolon::enroll
