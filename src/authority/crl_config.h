// What `authority.crl:` in the configuration says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authority/crl_content.h"
#include "base/clock.h"
#include "config/table.h"
#include "net/endpoint.h"

namespace symbolon::authority {

struct CrlConfig {
  std::optional<net::Endpoint> listen;  // where they are served, in plain HTTP
  std::optional<std::string> url;       // what certificates say before /NAME.crl; without a slash at its end
  Seconds next_update = kUsualCrl;      // after thisUpdate
  std::optional<Seconds> delta = {};    // likewise, of the delta CRL beside each; none: there is none
  CrlPlaces places() const { return {.url = url.value_or(""), .delta = delta.has_value()}; }
  bool operator==(const CrlConfig&) const = default;
};

config::Table<CrlConfig> crl_table();

// What certificates may name as a place to ask about revocation, slashes at its end cut off. RFC 5280 §8: a client that
// must check a certificate to fetch what is said of another may never end; so http alone. Fails with config_bad_value.
Result<std::string> parse_public_url(std::string_view text);

}  // namespace symbolon::authority
