// Serves the CRLs that are published, in plain HTTP: GET and HEAD of /NAME.crl, and of /NAME/... (CrlPart::place;
// RFC 5280 §4.2.1.13, RFC 2585 §3).
//
// From memory: nothing is read, signed or asked for when somebody comes. Whoever has the newest one is told so
// (If-None-Match, If-Modified-Since: 304, RFC 9110 §13).
#pragma once

#include "authority/crl_publisher.h"
#include "http/router.h"
#include "http/server.h"

namespace symbolon::authority {

// So long a cache may go on with the CRL or OCSP response that it has: it adds to what passes between revocation and
// refusal.
inline constexpr Seconds kPublicMaxAge{30};

inline constexpr std::string_view kCrlType = "application/pkix-crl";  // RFC 2585 §4.2

// The server's bounds: nobody there has shown who they are.
http::ServerOptions crl_server_options();

// The publisher outlives it.
http::Handler crl_handler(const CrlPublisher& publisher);

// The answer to such a request. Pure.
http::Response answer_with(const std::shared_ptr<const Crl>& crl, const http::Headers& asked);

}  // namespace symbolon::authority
