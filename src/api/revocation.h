// POST /v1/revocations
#pragma once

#include <string>

#include "api/certificate.h"

namespace symbolon::api {

struct RevocationRequest {
  std::string what;  // serial, fingerprint, name, subject; an ambiguous one changes nothing (code ambiguous)
  RevocationReason reason = RevocationReason::unspecified;
  bool operator==(const RevocationRequest&) const = default;
};

enum class RevocationOutcome : std::uint8_t { revoked, was_revoked_already };
std::string_view name(RevocationOutcome outcome);

// How far a revocation has come when its answer leaves: of the gateways that follow this authority's feed now, how many
// refuse the certificate already.
struct Enforcement {
  std::int64_t gateways = 0;
  std::int64_t acknowledged = 0;
  bool operator==(const Enforcement&) const = default;
};

struct RevocationAnswer {
  CertificateSummary certificate;  // with its revocation
  RevocationOutcome outcome = RevocationOutcome::revoked;
  std::optional<Enforcement> enforcement = {};  // absent: no gateway follows
  bool operator==(const RevocationAnswer&) const = default;
};

}  // namespace symbolon::api
