// GET /v1/crls/{what}, and what `status` says about CRLs
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace symbolon::api {

// One that is published (RFC 5280 §5). The call itself answers it in DER, application/pkix-crl.
struct CrlInfo {
  std::string issuer;       // its name
  std::int64_t number = 0;  // cRLNumber
  UnixSeconds this_update;
  UnixSeconds next_update;
  std::int64_t entries = 0;
  std::int64_t octets = 0;
  bool operator==(const CrlInfo&) const = default;
};

}  // namespace symbolon::api
