// Where an authority is: "https://ca.example.internal:8440" (443 where no port stands), or "unix:/run/authority.sock".
#pragma once

#include <string_view>

#include "base/error.h"
#include "net/endpoint.h"

namespace symbolon::enroll {

// Total. One slash may end it; a path, a query, a user or another scheme is bad_request, saying what is expected.
Result<net::Endpoint> parse_authority_url(std::string_view url);

}  // namespace symbolon::enroll
