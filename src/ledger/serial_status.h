// What the ledger holds of one serial, whichever of a CA's certificates it stands under.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "ledger/records.h"

namespace symbolon::ledger {

// unknown: nobody was handed a certificate of that serial (never drawn, reserved or abandoned). revoked: whatever else
// is known of it; a serial can be revoked that this ledger did not issue.
enum class SerialStanding : std::uint8_t { unknown, issued, revoked };

struct SerialStatus {
  SerialStanding standing = SerialStanding::unknown;
  UnixSeconds revoked_at = {};                              // only where revoked
  RevocationReason reason = RevocationReason::unspecified;  // likewise
  bool operator==(const SerialStatus&) const = default;
};

// What is asked about one CA.
struct SerialsOf {
  std::vector<IssuerId> issuers;  // its CA certificates: of one name and key
  std::vector<x509::SerialNumber> serials;
};

}  // namespace symbolon::ledger
