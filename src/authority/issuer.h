// The CAs of this authority.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "ledger/records.h"
#include "x509/certificate.h"

namespace symbolon::authority {

// A CA certificate that the ledger knows, and its signer where its key is at hand (never the root's, when we run).
struct Issuer {
  ledger::IssuerId id{};
  std::string name;  // "root", "issuing", "issuing-2"
  x509::Certificate certificate;
  std::vector<x509::Certificate> chain;  // what follows a leaf in a handshake: this CA first, the root left out
  std::shared_ptr<const crypto::Signer> signer = nullptr;  // null: it cannot sign here
};

// Immutable; a new issuer makes a new set.
struct IssuerSet {
  std::vector<Issuer> issuers;

  // By name; without one: the issuer that can sign and ends last. Fails with issuer_unknown, ca_expired.
  Result<const Issuer*> select(const std::optional<std::string>& name, UnixSeconds now) const;
};

}  // namespace symbolon::authority
