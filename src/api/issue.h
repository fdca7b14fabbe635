// POST /v1/certificates: asking for a certificate.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/certificate.h"

namespace symbolon::api {

// The key never leaves the requester: the CSR carries the public half and proves possession.
struct IssueRequest {
  std::string profile;
  std::string csr;                 // PKCS#10 in PEM
  std::vector<std::string> names;  // "dns:web.example" or what x509::GeneralName::parse guesses; empty: the CSR's
  std::optional<std::string> common_name;  // absent: by the profile
  std::optional<Seconds> lifetime;         // absent: the profile's default
  std::optional<std::string> issuer;       // IssuerInfo::name; absent: the one in use
  bool operator==(const IssueRequest&) const = default;
};

struct IssueAnswer {
  std::string certificate;  // PEM, the leaf alone
  std::string chain;        // PEM: the issuing CA first, then those above it, without the root
  std::string root;         // PEM: what those who verify must trust
  CertificateSummary summary;
  std::vector<std::string> notes = {};  // what was decided on the way: a lifetime that was cut
  bool operator==(const IssueAnswer&) const = default;
};

}  // namespace symbolon::api
