// Whose certificate a CertID means: which of our issuers has these hashes of name and key (RFC 6960 §4.1.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "revocation/ocsp_request.h"
#include "x509/certificate.h"

namespace symbolon::revocation {

// Immutable once made. Thread-safe.
class CertIdMatcher {
 public:
  // Hashes name and key of each issuer once, with SHA-1 and SHA-256. Of certificates with the same name and key (a CA
  // renewed with its key, or cross-signed) the first stands for all.
  explicit CertIdMatcher(const std::vector<x509::Certificate>& issuers);

  // The index of the issuer in that vector, in constant time however many there are. None for any other hash.
  std::optional<std::size_t> find(const CertId& id) const;

 private:
  std::unordered_map<std::string, std::size_t> issuers_;  // name hash and key hash, 40 or 64 octets
};

}  // namespace symbolon::revocation
