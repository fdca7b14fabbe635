// GET /v1/gateways, POST /v1/gateways/{what}/forget: the gateways that revocations must reach.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace symbolon::api {

// From its first acknowledgement until somebody says that it is gone.
struct GatewayInfo {
  std::string name;
  bool follows = false;                  // it was heard of within the last seconds
  UnixSeconds since;                     // its first acknowledgement
  std::optional<UnixSeconds> last_seen;  // absent: not since the authority started
  std::int64_t enforced = 0;             // the newest entry of the feed that it enforces, and all before it
  std::int64_t behind = 0;               // entries that it does not enforce yet
  std::int64_t processes = 0;            // that follow
  std::string version;                   // of its software; empty: it was not heard of
  bool operator==(const GatewayInfo&) const = default;
};

struct GatewayList {
  std::int64_t newest = 0;            // entry of the feed
  std::vector<GatewayInfo> gateways;  // by name
  bool operator==(const GatewayList&) const = default;
};

}  // namespace symbolon::api
