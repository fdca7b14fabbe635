// POST /v1/issuers, /v1/issuers/{what}/signature and /v1/issuers/import: further issuing CAs.
//
// The root's key never comes to the authority: what is to be signed goes to whoever holds it, and the signature comes
// back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace symbolon::api {

inline constexpr Seconds kIssuerLifetime = kDay * 365 * 5;  // unless another is asked for

struct NewIssuerRequest {
  std::optional<std::string> key_type = {};  // "p256", ...; absent: the root's
  std::optional<Seconds> lifetime = {};      // absent: kIssuerLifetime
  std::vector<std::string> permit = {};      // names that it may name only: "dns:example.com"
  std::vector<std::string> exclude = {};     // names that it may not name
  bool operator==(const NewIssuerRequest&) const = default;
};

struct NewIssuerAnswer {
  std::string serial;        // under which the signature is sent
  std::string name;          // what the CA will be called
  std::string subject;       // RFC 4514
  UnixSeconds not_after;     // of the CA
  UnixSeconds sign_before;   // then it is given up
  std::string root;          // PEM: whose key signs
  std::string to_be_signed;  // TBSCertificate (RFC 5280 §4.1), DER, base64; recorded before it came here
  bool operator==(const NewIssuerAnswer&) const = default;
};

struct IssuerSignature {
  std::string signature;  // by the root's key, as it stands in the BIT STRING, base64
  bool operator==(const IssuerSignature&) const = default;
};

// An issuing CA that exists elsewhere, with its key: over local sockets only.
struct ImportIssuerRequest {
  std::string certificates;  // PEM: the CA, and those above it
  std::string key;           // PEM (PKCS#8), not encrypted
  bool use = false;          // new certificates come from it from then on
  bool operator==(const ImportIssuerRequest&) const = default;
};

}  // namespace symbolon::api
