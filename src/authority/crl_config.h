// What `authority.crl:` in the configuration says.
#pragma once

#include <optional>
#include <string>

#include "authority/crl_content.h"
#include "base/clock.h"
#include "config/table.h"
#include "net/endpoint.h"

namespace symbolon::authority {

struct CrlConfig {
  std::optional<net::Endpoint> listen;  // where they are served, in plain HTTP
  std::optional<std::string> url;       // what certificates say before /NAME.crl; without a slash at its end
  Seconds next_update = kUsualCrl;      // after thisUpdate
  bool operator==(const CrlConfig&) const = default;
};

config::Table<CrlConfig> crl_table();

}  // namespace symbolon::authority
