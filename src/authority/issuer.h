// The CAs of this authority.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "ledger/records.h"
#include "revocation/revocation_source.h"
#include "x509/certificate.h"

namespace symbolon::authority {

// A CA certificate that the ledger knows, and its signer where its key is at hand (never the root's, when we run).
struct Issuer {
  ledger::IssuerId id;
  std::string name;  // "root", "issuing", "issuing-2"
  x509::Certificate certificate;
  std::vector<x509::Certificate> chain = {};   // what follows a leaf in a handshake: this CA first, the root left out
  std::optional<x509::Certificate> root = {};  // what ends the chain, where the ledger knows it
  // Made here, or brought with its key (which may be elsewhere now). The others only came along, above an imported CA.
  bool ours = false;
  std::optional<x509::Certificate> anchor = {};  // the highest CA of ours, from this one upwards
  ledger::IssuerState state = ledger::IssuerState::active;
  bool in_use = false;                                     // new certificates come from it unless another is asked for
  std::string key_reference = {};                          // as the ledger has it
  std::shared_ptr<const crypto::Signer> signer = nullptr;  // null: it cannot sign here
  bool key_encrypted = false;                              // the file of its key is

  bool is_root() const { return certificate.self_issued(); }
  // The CAs above it that the ledger knows, nearest first.
  std::vector<x509::Certificate> above() const;
  bool can_sign() const { return signer != nullptr && state == ledger::IssuerState::active; }
};

// Immutable; a further issuer makes a further set.
struct IssuerSet {
  std::vector<Issuer> issuers;
  std::shared_ptr<const revocation::RevocationSource> revocations = nullptr;  // null: no CA is known to be revoked

  // By name; without one: that in use. None stands in for one that cannot sign: that would be a choice which nobody
  // made. Fails with issuer_unknown, ca_none_in_use, ca_revoked, ca_expired, ca_not_yet_valid.
  Result<const Issuer*> select(const std::optional<std::string>& name, UnixSeconds now) const;
  // "; 'issuing' lacks its key issuing.key" for each that could sign with it.
  std::string lacking_keys() const;
  const Issuer* find(ledger::IssuerId id) const;
  // Is it revoked, or one above it, as of now?
  bool revoked(const Issuer& issuer) const;
  // What trusting this authority means: of each CA of ours the highest one of ours above it. A root that only came
  // along with an imported CA is none of them: other CAs, which are not ours, stand below it.
  std::vector<x509::Certificate> anchors() const;
};

// O of the CA that signs now; empty if it has none.
std::string organization_of(const IssuerSet& issuers, UnixSeconds now);

}  // namespace symbolon::authority
