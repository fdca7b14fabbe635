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

struct RevocationAnswer {
  CertificateSummary certificate;  // with its revocation
  RevocationOutcome outcome = RevocationOutcome::revoked;
  bool operator==(const RevocationAnswer&) const = default;
};

}  // namespace symbolon::api
