// What `authority.ocsp:` in the configuration says.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "config/table.h"
#include "net/endpoint.h"

namespace symbolon::authority {

// How long after thisUpdate nextUpdate lies.
inline constexpr Seconds kShortestOcsp = kMinute * 5;
inline constexpr Seconds kUsualOcsp = kHour * 4;
inline constexpr Seconds kLongestOcsp = kDay * 30;

struct OcspConfig {
  std::optional<net::Endpoint> listen;  // unset: where the CRLs are served
  std::optional<std::string> url;       // what certificates say; without a slash at its end
  Seconds next_update = kUsualOcsp;
  bool operator==(const OcspConfig&) const = default;
  // Where the responder stands below `listen`: the path of the URL, "/" where it has none.
  std::string path() const;
};

config::Table<OcspConfig> ocsp_table();

}  // namespace symbolon::authority
