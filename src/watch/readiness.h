// Whether anybody can be admitted, and if not, why.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/gateway_info.h"

namespace symbolon::watch {

struct Readiness {
  bool ready = false;
  std::vector<std::string> words;  // why not; while ready, what is wrong with some routes
};

// Not ready: starting, draining, no room for another connection, no route that could admit anybody. Pure.
Readiness readiness_of(const api::GatewayStatus& gateway);

}  // namespace symbolon::watch
