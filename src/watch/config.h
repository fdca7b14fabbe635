// What `metrics:` in the configuration says.
#pragma once

#include <optional>

#include "base/error.h"
#include "config/table.h"
#include "net/endpoint.h"

namespace symbolon::watch {

struct MetricsConfig {
  std::optional<net::Endpoint> listen;           // loopback or a Unix socket
  std::optional<net::Endpoint> insecure_listen;  // anywhere
  bool operator==(const MetricsConfig&) const = default;
  // The one that is set.
  const net::Endpoint& endpoint() const {
    if (listen) return *listen;
    ENSURE(insecure_listen);
    return *insecure_listen;
  }
};

config::Table<MetricsConfig> metrics_table();

}  // namespace symbolon::watch
