// Which delta CRL goes with which full one (RFC 5280 §5.2.4).
#pragma once

#include "revocation/crl_reader.h"

namespace symbolon::revocation {

enum class DeltaFit : std::uint8_t {
  combines,
  superseded,    // the full list is as new as the delta, or newer: it says all by itself
  base_missing,  // what happened between the full list and the delta's base nobody says, or the full list has no number
  unrelated,     // of another issuer or another scope
};

// `delta` is one, and `full` is none.
DeltaFit fit_of(const CrlFile& delta, const CrlFile& full);

// Of two cRLNumbers, as magnitudes without leading zeros.
bool is_less(const Bytes& a, const Bytes& b);

}  // namespace symbolon::revocation
