// Absolute http URLs (RFC 9110 §4.2.1): where to connect, and what to ask for there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/endpoint.h"

namespace symbolon::http {

inline constexpr std::uint16_t kHttpPort = 80;  // where a URL names none

struct HttpUrl {
  net::Endpoint endpoint;  // an address or a name
  std::string host;        // for the Host field: as it stands in the URL, with the port if one does
  std::string target;      // path and query, "/" at least
};

// Total. Fails with bad_request: another scheme, no host, a user, a fragment, a port that is none.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace symbolon::http
