// Which CA a revocation belongs to: name AND key, so that a rotated or a foreign CA of the same name stays apart.
#pragma once

#include <compare>
#include <cstring>

#include "crypto/digest.h"
#include "x509/certificate.h"

namespace symbolon::revocation {

struct IssuerKey {
  crypto::Sha256 octets{};  // SHA-256 over the canonical subject and the SHA-256 of the SubjectPublicKeyInfo
  crypto::Sha256 name{};    // SHA-256 over the canonical subject

  static IssuerKey of(const x509::Certificate& issuer);
  static IssuerKey of(const x509::DistinguishedName& subject, const crypto::Sha256& spki_sha256);
  auto operator<=>(const IssuerKey&) const = default;
};

// The octets are a digest already.
struct IssuerKeyHash {
  std::size_t operator()(const IssuerKey& key) const {
    std::size_t value = 0;
    std::memcpy(&value, key.octets.data(), sizeof value);
    return value;
  }
};

}  // namespace symbolon::revocation
