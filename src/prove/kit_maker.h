// The certificates of a kit: one that is right and others, each wrong in one thing, made with the key of a CA that the
// user controls. They come from the encoder of x509/, past the lint, which would refuse most of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "x509/certificate.h"

namespace symbolon::prove {

// A CA that may sign certificates, with its key.
class KitCa {
 public:
  // `certificates`: PEM, the CA anywhere in it, those above it beside it. Fails with pem_malformed,
  // certificate_malformed, key_unreadable, passphrase_..., key_mismatch (the key is of none of them), bad_request (it
  // is no CA, or may not sign certificates), ca_expired, key_type_not_allowed. `where` is for messages.
  static Result<KitCa> open(std::string_view certificates, std::string_view where, const Secret& key,
                            const Secret& passphrase, UnixSeconds now);

  const x509::Certificate& certificate() const { return chain_.front(); }
  const std::vector<x509::Certificate>& chain() const { return chain_; }  // itself first
  const crypto::Signer& signer() const { return *signer_; }

 private:
  KitCa(std::vector<x509::Certificate> chain, std::unique_ptr<crypto::Signer> signer)
      : chain_(std::move(chain)), signer_(std::move(signer)) {}
  std::vector<x509::Certificate> chain_;
  std::unique_ptr<crypto::Signer> signer_;
};

// Who the clients say they are: the good one and all that copy it.
struct KitIdentity {
  x509::DistinguishedName subject;
  std::vector<x509::GeneralName> names = {};
};

struct KitMember {
  std::string id;                        // "wrong_eku": its files, and the case of the suite that shows it
  std::string purpose;                   // in words
  std::vector<x509::Certificate> chain;  // leaf first
  crypto::PrivateKey key;
};

// One that cannot be made below this CA, and why.
struct KitOmission {
  std::string id;
  std::string reason;
};

struct KitContent {
  std::vector<KitMember> members;  // "good" first
  std::vector<KitOmission> omissions;
};

// How long the members last that do not end on purpose; shorter where the CA ends sooner.
inline constexpr Seconds kKitLifetime = kDay * 30;

// Fails with name_malformed and crypto_failed.
Result<KitContent> make_kit(const KitCa& ca, const KitIdentity& identity, UnixSeconds now);

// A client like the good one that ends at `not_after`.
Result<KitMember> make_short_lived(const KitCa& ca, const KitIdentity& identity, UnixSeconds now,
                                   UnixSeconds not_after);

}  // namespace symbolon::prove
