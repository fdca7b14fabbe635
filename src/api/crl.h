// GET /v1/crls/{what}, and what `status` says about CRLs; POST /v1/crls/{what} and /v1/crls/{what}/signature: that of a
// CA whose key is not at the authority. What it says goes to whoever has the key, and the signature comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/certificate.h"
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

// Of a CA whose key somebody brings for a moment: it may last longer.
inline constexpr Seconds kCrlByHand = kDay * 180;  // unless another span is asked for
inline constexpr Seconds kLongestCrlByHand = kDay * 366;

struct NewCrlRequest {
  std::optional<Seconds> next_update = {};  // after thisUpdate; absent: kCrlByHand, at most kLongestCrlByHand
  bool operator==(const NewCrlRequest&) const = default;
};

struct CrlEntry {
  std::string serial;  // hex
  RevocationReason reason = RevocationReason::unspecified;
  UnixSeconds at;
  std::optional<UnixSeconds> invalid_since = {};
  bool operator==(const CrlEntry&) const = default;
};

// All that it will say, in its order: whoever signs it builds the octets from that (revocation/crl_builder.h).
struct NewCrlAnswer {
  static constexpr std::size_t kMostEntries = 10'000;
  std::string issuer;       // its name
  std::int64_t number = 0;  // cRLNumber; claimed
  UnixSeconds this_update;
  UnixSeconds next_update;
  std::vector<CrlEntry> entries;
  UnixSeconds sign_before;  // then it is given up
  bool operator==(const NewCrlAnswer&) const = default;
};

struct CrlSignature {
  std::int64_t number = 0;  // NewCrlAnswer::number
  std::string signature;    // as it stands in the BIT STRING, base64
  bool operator==(const CrlSignature&) const = default;
};

}  // namespace symbolon::api
