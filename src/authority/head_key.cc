#include "authority/head_key.h"

#include <unistd.h>

#include <algorithm>

#include "base/acting_as_owner.h"
#include "base/file_access.h"
#include "revocation/signed_head.h"
#include "x509/pem.h"

namespace symbolon::authority {
namespace {

constexpr std::string_view kLabel = "PUBLIC KEY";  // RFC 7468 §13

bool is_there(const Path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

// Null: there is none.
Result<std::shared_ptr<const crypto::Signer>> open_key(const Path& file, const AskPassphrase& ask) {
  const ActingAsOneself oneself;  // the key may be another user's than the rest
  if (!is_there(file)) return nullptr;
  const Secret pem = TRY(read_private_file(file, ::geteuid() == 0 ? KeyOwner::anybody : KeyOwner::us_or_root));
  Secret passphrase;
  if (crypto::is_encrypted_key(pem.reveal()) && ask) passphrase = TRY(ask(file));
  auto key = crypto::PrivateKey::from_pem(pem, passphrase);
  if (!key) return fail_at(file.string(), key.error().code, "{}", key.error().words);
  if (key->public_key().type() != crypto::KeyType::p256) {
    return fail_at(file.string(), Code::key_mismatch, "the key of heads is one on P-256");
  }
  return TRY(crypto::make_signer(*std::move(key)));
}

// Beside the key, where it is missing.
Status keep_public_key(const StateLayout& layout, const crypto::PublicKey& key) {
  const ActingAsOwner owner(layout.folder);
  const Path file = layout.head_public_key();
  if (!is_there(file)) return write_file(file, head_key_pem(key), {});
  const auto there = TRY(read_head_key(file));
  if (std::ranges::equal(there.spki(), key.spki())) return {};
  return fail_at(file.string(), Code::key_mismatch, "it is not the public key of {}", layout.head_key().string());
}

}  // namespace

HeadKeySource head_key_in_files(StateLayout layout, AskPassphrase ask) {
  return [layout = std::move(layout),
          ask = std::move(ask)](AtRest at_rest) -> Result<std::shared_ptr<const crypto::Signer>> {
    const Path file = credential_file(layout.head_key().filename().string()).value_or(layout.head_key());
    if (!is_there(file) && !is_there(layout.head_public_key())) {
      Secret passphrase;
      if (at_rest == AtRest::encrypted) {
        if (!ask)
          return fail_at(file.string(), Code::passphrase_needed, "the issuing keys are encrypted, so is this one");
        passphrase = TRY(ask(file));
      }
      const ActingAsOwner owner(layout.folder);
      TRY(make_head_key(layout, passphrase));
    }
    auto signer = TRY(open_key(file, ask));
    if (!signer) {
      return fail_at(file.string(), Code::file_missing,
                     "the key of heads is gone, and its public key is still there: bring it back from where it was "
                     "kept; or remove {}, and what it signed is vouched for by nobody",
                     layout.head_public_key().filename().string());
    }
    TRY(keep_public_key(layout, signer->public_key()));
    return signer;
  };
}

Status make_head_key(const StateLayout& layout, const Secret& passphrase) {
  const auto key = TRY(crypto::PrivateKey::generate(crypto::KeyType::p256));
  const Secret pem = TRY(passphrase.empty() ? key.to_pem() : key.to_encrypted_pem(passphrase));
  TRY(write_file(layout.head_key(), pem.reveal(), {.mode = 0600}));
  return write_file(layout.head_public_key(), head_key_pem(key.public_key()), {});
}

Result<crypto::PublicKey> read_head_key(const Path& file) {
  const auto content = TRY(read_file(file, 1 << 16));
  const auto blocks = TRY(x509::parse_pem(content, file.string()));
  for (const auto& block : blocks) {
    if (block.label == kLabel) return revocation::head_key(block.der);
  }
  return fail_at(file.string(), Code::audit_head_not_ours, "no public key in it");
}

std::string head_key_pem(const crypto::PublicKey& key) { return x509::encode_pem(kLabel, key.spki()); }

}  // namespace symbolon::authority
