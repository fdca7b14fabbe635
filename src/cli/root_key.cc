#include "cli/root_key.h"

#include "authority/hierarchy.h"
#include "cli/configuration.h"

namespace symbolon::cli {
namespace {

// Beside the root that one trusts: of the authority elsewhere, or of the state here.
Result<Path> root_key_file(const RootKeyWords& words, const Session& session) {
  if (words.root_key) return Path(*words.root_key);
  if (const auto remote = session.remote_authority()) return Path(remote->ca).replace_extension(".key");
  return TRY(find_state(session)) / "root.key";
}

Result<x509::Certificate> root_of(enroll::AuthorityClient& authority) {
  const api::IssuerList list = TRY(authority.issuers());
  for (const api::IssuerInfo& issuer : list.issuers) {
    if (issuer.name != authority::kRootName) continue;
    const auto certificates = TRY(x509::Certificate::from_pem(issuer.certificate, "the root"));
    if (!certificates.empty()) return certificates.front();
  }
  return fail(Code::issuer_unknown, "this authority has no root of its own");
}

Result<crypto::PrivateKey> open_root_key(const Path& file, const RootKeyWords& words, const Session& session) {
  const Secret pem = TRY(read_private_file(file));
  const Secret passphrase = TRY(session.passphrase(words.passphrase_file, "The passphrase of the root's key"));
  auto key = crypto::PrivateKey::from_pem(pem, passphrase);
  if (!key) return fail_at(file.string(), key.error().code, "{}", key.error().words);
  return key;
}

}  // namespace

Result<Root> open_root(const RootKeyWords& words, enroll::AuthorityClient& authority, const Session& session) {
  const Path file = TRY(root_key_file(words, session));
  x509::Certificate root = TRY(root_of(authority));
  crypto::PrivateKey key = TRY(open_root_key(file, words, session));
  if (!key.belongs_to(root.public_key())) {
    return fail_at(file.string(), Code::key_mismatch, "it is not the key of {}", root.text());
  }
  return Root{std::move(root), std::move(key)};
}

}  // namespace symbolon::cli
