// Making and taking over CAs: a root, and issuing CAs below it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/issuer.h"
#include "authority/issuer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "ledger/ledger.h"
#include "x509/certificate.h"
#include "x509/name_constraints.h"

namespace symbolon::authority {

// A root outlives several issuing CAs; an issuing CA outlives every profile's longest lifetime but is replaced in an
// operator's memory.
inline constexpr Seconds kRootLifetime = kDay * 365 * 20;
inline constexpr Seconds kIssuingLifetime = api::kIssuerLifetime;
// A CA that ends sooner is a slip of the pen: nothing of use could be issued from it.
inline constexpr Seconds kLeastCaLifetime = kDay;

inline constexpr std::string_view kRootName = "root";
inline constexpr std::string_view kIssuingName = "issuing";

struct CaOptions {
  std::string name;  // in the ledger: "root", "issuing", "issuing-2"; its key lies in NAME.key
  x509::DistinguishedName subject;
  Seconds lifetime;
  x509::NameConstraints name_constraints = {};  // of an issuing CA
  std::string actor;                            // who does it, for the ledger
};

// The caller has stored the key before. What comes back can sign, and stands in the ledger.

// Self-signed, keyCertSign and cRLSign, no path length. Linted; the bytes to be signed are noted in the audit chain
// before the key signs. Fails with lifetime_not_allowed, lint_..., ledger_..., already_exists.
Result<Issuer> make_root(ledger::Ledger& ledger, const Clock& clock, crypto::PrivateKey key, const CaOptions& options);

// pathLen 0, signed by `parent`, which must be able to; cut to the parent's end. Walks through Issuance like a leaf.
// Fails with ca_expired (the parent's), issuer_life_too_short, and as make_root.
Result<Issuer> make_issuing_ca(ledger::Ledger& ledger, const Clock& clock, const Issuer& parent, crypto::PrivateKey key,
                               const CaOptions& options);

// Fails with lifetime_not_allowed, issuer_life_too_short.
Status check_ca_life(Seconds lifetime, const Issuer& parent, UnixSeconds now);

// Enters a CA that was signed. The caller has stored its key in options.name + ".key". Fails with ledger_...,
// already_exists.
Result<Issuer> enter_ca(ledger::Ledger& ledger, const CaOptions& options, x509::Certificate certificate,
                        std::unique_ptr<crypto::Signer> signer);

// "CN=Example Corp Root CA,O=Example Corp". `number` above 1 is written behind, so that CAs of one name stay apart.
// Fails with name_malformed.
Result<x509::DistinguishedName> ca_subject(std::string_view organization, std::string_view role, int number = 1);

// "issuing", else "issuing-2", "issuing-3": the first that no issuer has.
std::string free_issuer_name(std::string_view base, const std::vector<ledger::Issuer>& taken);

}  // namespace symbolon::authority
