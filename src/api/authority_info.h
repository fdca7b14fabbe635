// What the authority says about itself: profiles, issuers, status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/crl.h"
#include "api/gateways.h"
#include "base/clock.h"
#include "base/error.h"

namespace symbolon::api {

// GET /v1/profiles
struct ProfileInfo {
  std::string name;
  std::string summary;  // when to use it, one line
  Seconds lifetime;     // when the request names none
  Seconds longest_lifetime;
  std::vector<std::string> key_types;           // "p256", ...
  std::vector<std::string> extended_key_usage;  // "serverAuth", "clientAuth", or dotted
  std::vector<std::string> names;               // what may be named: "dns", "dns:*.example.com", ...
  bool operator==(const ProfileInfo&) const = default;
};

struct ProfileList {
  std::vector<ProfileInfo> profiles;
  bool operator==(const ProfileList&) const = default;
};

// GET /v1/issuers
struct IssuerInfo {
  std::string name;         // what requests and lists call it
  std::string role;         // "root" or "issuing"
  bool in_use = false;      // new certificates come from it
  std::string subject;      // RFC 4514
  std::string serial;       // hex
  std::string fingerprint;  // SHA-256, hex
  std::string key;          // "P-256"
  UnixSeconds not_before;
  UnixSeconds not_after;
  std::string certificate;  // PEM
  bool operator==(const IssuerInfo&) const = default;
};

struct IssuerList {
  std::vector<IssuerInfo> issuers;
  bool operator==(const IssuerList&) const = default;
};

// Something an operator should look at; the sentence and remedy are those of the code table.
struct Warning {
  Code code = Code::internal;
  std::string words;
  bool operator==(const Warning&) const = default;
};

struct LedgerInfo {
  std::int64_t entries = 0;  // of the audit chain
  std::int64_t octets = 0;   // on disk, journal included
  std::int64_t commits = 0;  // since the start
  std::int64_t waiting = 0;  // writes that wait for the next commit
  bool operator==(const LedgerInfo&) const = default;
};

// GET /v1/status
struct StatusInfo {
  std::string version;
  std::string name;  // of the authority
  UnixSeconds now;
  UnixSeconds started_at;
  std::int64_t issued = 0;  // certificates on record that were issued, whatever became of them
  std::int64_t revoked = 0;
  std::int64_t unfinished = 0;  // reserved and neither completed, abandoned nor revoked
  std::optional<UnixSeconds> last_issued_at;
  LedgerInfo ledger;
  std::vector<CrlInfo> crls;          // that are published, by issuer
  std::vector<GatewayInfo> gateways;  // that revocations must reach, by name
  std::vector<Warning> warnings;
  bool operator==(const StatusInfo&) const = default;
};

}  // namespace symbolon::api
