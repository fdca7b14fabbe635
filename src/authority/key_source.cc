#include "authority/key_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "base/acting_as_owner.h"
#include "base/errno_text.h"
#include "base/file_access.h"
#include "contain/child.h"
#include "x509/tbs_reader.h"

namespace symbolon::authority {
namespace {

class KeyFiles {
 public:
  KeyFiles(StateLayout layout, AskPassphrase ask) : layout_(std::move(layout)), ask_(std::move(ask)) {}

  Result<SourcedKey> open(const ledger::Issuer& issuer, const x509::Certificate& certificate) {
    const ActingAsOneself oneself;  // the key may be another user's than the rest
    std::error_code ignored;
    const Path file = credential_file(issuer.key_reference).value_or(layout_.folder / issuer.key_reference);
    if (!std::filesystem::exists(file, ignored)) return SourcedKey();
    // The state folder is private to whom it belongs to; who else owns a key in it is the signer's user.
    const Secret pem = TRY(read_private_file(file, ::geteuid() == 0 ? KeyOwner::anybody : KeyOwner::us_or_root));
    SourcedKey out{.encrypted = crypto::is_encrypted_key(pem.reveal())};
    if (out.encrypted && passphrase_.empty() && ask_) passphrase_ = TRY(ask_(file));
    auto key = crypto::PrivateKey::from_pem(pem, passphrase_);
    if (!key) return fail_at(file.string(), key.error().code, "{}", key.error().words);
    if (!key->belongs_to(certificate.public_key())) {
      return fail_at(file.string(), Code::key_mismatch, "it is not the key of {}", certificate.text());
    }
    out.signer = TRY(crypto::make_signer(std::move(*key)));
    return out;
  }

 private:
  StateLayout layout_;
  AskPassphrase ask_;
  Secret passphrase_;  // one for all keys of the state
};

// Signs through the signer: what leaves this process is the name of the intent that `message` is.
class RemoteSigner final : public crypto::Signer {
 public:
  RemoteSigner(std::shared_ptr<signer::Client> client, std::int64_t issuer, crypto::PublicKey key, Bytes algorithm)
      : client_(std::move(client)), issuer_(issuer), key_(std::move(key)), algorithm_(std::move(algorithm)) {}

  const crypto::PublicKey& public_key() const override { return key_; }
  ByteView algorithm_identifier() const override { return algorithm_; }
  Result<Bytes> sign(ByteView message) const override {
    const auto fields = x509::read_tbs(message);
    if (!fields) return fail(Code::crypto_failed, "the signer signs certificates only");
    const auto serial = TRY(x509::SerialNumber::from_der_content(fields->serial.content));
    return client_->sign({.issuer = issuer_, .serial = serial});
  }

 private:
  std::shared_ptr<signer::Client> client_;
  std::int64_t issuer_;
  crypto::PublicKey key_;
  Bytes algorithm_;
};

}  // namespace

AskPassphrase asked_once(AskPassphrase ask) {
  struct Known {
    std::mutex mutex;
    Secret passphrase;
  };
  return [ask = std::move(ask), known = std::make_shared<Known>()](const Path& file) -> Result<Secret> {
    const std::lock_guard lock(known->mutex);
    if (known->passphrase.empty()) known->passphrase = TRY(ask(file));
    return known->passphrase.duplicate();
  };
}

KeySource keys_in_files(StateLayout layout, AskPassphrase ask) {
  const auto files = std::make_shared<KeyFiles>(std::move(layout), std::move(ask));
  return [files](const ledger::Issuer& issuer, const x509::Certificate& certificate) {
    return files->open(issuer, certificate);
  };
}

Status give_keys_to(const contain::User& signer, const std::vector<Path>& files) {
  for (const Path& file : files) {
    const contain::Descriptor opened(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info{};
    if (opened.get() < 0 || ::fstat(opened.get(), &info) != 0) continue;
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1 || info.st_uid == signer.user) continue;
    if (::fchown(opened.get(), signer.user, signer.group) != 0) {
      return fail_at(file.string(), Code::file_unwritable, "giving it to {}: {}", signer.name, errno_text(errno));
    }
  }
  return {};
}

KeySource keys_behind(std::shared_ptr<signer::Client> client) {
  return [client = std::move(client)](const ledger::Issuer& issuer,
                                      const x509::Certificate& certificate) -> Result<SourcedKey> {
    const auto keys = client->keys();
    const auto key = std::ranges::find(keys, issuer.id.value, &signer::OfferedKey::issuer);
    if (key == keys.end()) return SourcedKey();
    if (!std::ranges::equal(key->spki, certificate.public_key().spki())) {
      return fail(Code::key_mismatch, "the signer has another key for {}", certificate.text());
    }
    auto signer = std::make_shared<RemoteSigner>(client, issuer.id.value, certificate.public_key(), key->algorithm);
    return SourcedKey{.signer = std::move(signer), .encrypted = key->encrypted};
  };
}

std::function<bool()> encrypted_behind(std::shared_ptr<signer::Client> client) {
  return [client = std::move(client)] { return std::ranges::any_of(client->keys(), &signer::OfferedKey::encrypted); };
}

}  // namespace symbolon::authority
