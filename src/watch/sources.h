// What the watching server asks. Every function may block for a second or two, and is called on threads of its own.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "api/gateway_info.h"
#include "api/rejection.h"
#include "base/error.h"
#include "base/metrics.h"

namespace symbolon::watch {

struct Sources {
  // Everything that shall be scraped, build and process left out.
  std::function<std::vector<prometheus::MetricFamily>()> metrics;
  // None: this process has no gateway, and is ready when it answers.
  std::function<std::optional<api::GatewayStatus>()> gateway;
  // Fails with bad_request, or cancelled while there is no gateway.
  std::function<Result<api::SeenPage>(const api::SeenQuery&)> seen;
  api::LookUpRejections rejections;
};

}  // namespace symbolon::watch
