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
#include "x509/certificate.h"

namespace symbolon::authority {

// A CA certificate that the ledger knows, and its signer where its key is at hand (never the root's, when we run).
struct Issuer {
  ledger::IssuerId id;
  std::string name;  // "root", "issuing", "issuing-2"
  x509::Certificate certificate;
  std::vector<x509::Certificate> chain = {};   // what follows a leaf in a handshake: this CA first, the root left out
  std::optional<x509::Certificate> root = {};  // what ends the chain, where the ledger knows it
  ledger::IssuerState state = ledger::IssuerState::active;
  std::shared_ptr<const crypto::Signer> signer = nullptr;  // null: it cannot sign here

  bool is_root() const { return certificate.self_issued(); }
  bool can_sign() const { return signer != nullptr && state == ledger::IssuerState::active; }
};

// Immutable; a further issuer makes a further set.
struct IssuerSet {
  std::vector<Issuer> issuers;

  // By name; without one: of those that can sign, the one that ends last. Fails with issuer_unknown, ca_expired.
  Result<const Issuer*> select(const std::optional<std::string>& name, UnixSeconds now) const;
  const Issuer* find(ledger::IssuerId id) const;
  std::vector<x509::Certificate> roots() const;
};

}  // namespace symbolon::authority
