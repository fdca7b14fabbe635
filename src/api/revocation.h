// POST /v1/revocations
#pragma once

#include <string>
#include <vector>

#include "api/certificate.h"

namespace symbolon::api {

struct RevocationRequest {
  std::string what;  // serial, fingerprint, name, subject; an ambiguous one changes nothing (code ambiguous)
  RevocationReason reason = RevocationReason::unspecified;
  bool operator==(const RevocationRequest&) const = default;
};

enum class RevocationOutcome : std::uint8_t { revoked, was_revoked_already };
std::string_view name(RevocationOutcome outcome);

// How far a revocation has come when its answer leaves: how many of the gateways of this authority (GET /v1/gateways)
// refuse the certificate already.
struct Enforcement {
  static constexpr std::size_t kMostNames = 1000;
  std::int64_t number = 0;  // the entry of the feed
  std::int64_t gateways = 0;
  std::int64_t acknowledged = 0;
  std::int64_t milliseconds = 0;     // from the commit until the last of these did
  std::vector<std::string> missing;  // names of the others, at most kMostNames
  bool operator==(const Enforcement&) const = default;
};

struct RevocationAnswer {
  CertificateSummary certificate;  // with its revocation
  RevocationOutcome outcome = RevocationOutcome::revoked;
  std::optional<Enforcement> enforcement = {};  // absent: there is no gateway
  bool operator==(const RevocationAnswer&) const = default;
};

}  // namespace symbolon::api
