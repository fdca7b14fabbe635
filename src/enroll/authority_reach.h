// How a process comes to the authority that it belongs to: by its Unix socket, or over mutual TLS with files that are
// read anew each time, so that a renewed certificate counts at the next connection.
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/file.h"
#include "enroll/authority_client.h"
#include "net/endpoint.h"

namespace symbolon::enroll {

// Opens a connection. Thread-safe. Fails as AuthorityClient does, and as reading the files does.
using ReachAuthority = std::function<Result<AuthorityClient>(const ClientTimes&)>;

struct AuthorityPlace {
  net::Endpoint endpoint;  // parse_authority_url's
  // Not read where the endpoint is a Unix socket:
  Path anchors;  // PEM: who may have issued its certificate
  Path certificate;
  Path key;
};

Result<AuthorityClient> reach(const AuthorityPlace& place, const Clock& clock, const ClientTimes& times = {});

}  // namespace symbolon::enroll
