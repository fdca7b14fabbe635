// What the signer process does: it has the keys of the issuing CAs, and signs intents that it finds in the ledger.
//
//   name of the intent -> looked up in the ledger -> held against profile and lint -> signed
//
// Whoever asks names an intent and gets a signature over what the ledger holds, or an error: never over octets of
// their own.
#pragma once

#include <memory>
#include <optional>

#include "authority/crl_content.h"
#include "authority/head_key.h"
#include "authority/key_source.h"
#include "authority/profile_config.h"
#include "base/clock.h"
#include "base/file.h"
#include "signer/server.h"

namespace symbolon::authority {

struct SigningDeskOptions {
  Path state;
  std::map<std::string, ProfileConfig> profiles = {};  // as the authority's
  KeySource keys;                                      // keys_in_files
  HeadKeySource head_key = {};                         // unset: a file of the state folder, unencrypted
  CrlPlaces crls = {};                                 // likewise
  std::string ocsp_url = {};                           // likewise
  Seconds crl_next_update = kUsualCrl;                 // likewise
  // Each CA gets a key that answers for it by OCSP, and nextUpdate lies at most this long after thisUpdate. None: none
  // does.
  std::optional<Seconds> ocsp_next_update = {};
  std::size_t threads = 2;  // that will call it: each needs a connection to the ledger
};

class SigningDesk final : public signer::Desk {
 public:
  // Keys and ledger are open when this returns: no file is opened later. A ledger of an older version is brought up to
  // date first, since the signer starts before the authority; the key of heads is made where there was never one.
  // Without that key all else is signed, and the log says why. The clock is borrowed. Fails with ledger_...,
  // state_missing, state_locked (while it is brought up to date), config_..., and as the key source.
  static Result<std::unique_ptr<SigningDesk>> open(const SigningDeskOptions& options, const Clock& clock);
  ~SigningDesk() override;

  std::vector<signer::OfferedKey> keys() const override;
  Bytes head_key() const override;
  std::vector<Path> key_files() const;  // where all of them lie, unless they are credentials
  // Fails with issuer_unknown (its key is not here), intent_missing, as check_intent, crypto_failed.
  Result<Bytes> sign(const signer::IntentName& intent) override;
  // Of a revoked CA, too: what it issued must stay known as revoked. In the life of this desk no CRL follows that is
  // older than one before it, by its number or its position in the ledger, or that does not begin with the very final
  // entries of that one; what is on hold follows them, and may go. That counts for each part. A delta CRL belongs to
  // the full one that was signed last, and adds to one that was signed before it. Fails with issuer_unknown, as
  // crl_content, check_crl_name and check_crl_content, with crl_not_of_ledger, crl_base_missing (no such base was
  // signed in this life), crypto_failed.
  Result<Bytes> sign_crl(const signer::CrlName& crl) override;
  // Likewise of a revoked CA, and of what it issued long ago; all as of one commit. Fails with issuer_unknown (no key
  // answers for it), and as ResponderKey::sign.
  std::vector<Result<signer::SignedOcsp>> sign_ocsp(const std::vector<signer::OcspName>& responses) override;
  // Fails with file_missing (no key of heads is here), and as HeadBook::sign.
  Result<revocation::SignedHead> sign_head(revocation::HeadKind kind) override;

 private:
  struct Impl;
  explicit SigningDesk(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::authority
