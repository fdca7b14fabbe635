// Who may call the authority's API.
#pragma once

#include <sys/types.h>

#include <string>

#include "authority/operations.h"
#include "base/error.h"
#include "http/caller.h"

namespace symbolon::authority {

// What the ledger records as requester: "unix: uid 0", "certificate CN=alice (serial 0a1b)", "tcp 192.0.2.1:4711".
std::string requester_of(const http::Caller& caller);

// Rights of this release: over a Unix socket or socket pair, root and `owner` (the user of this process) may do
// everything; over mutual TLS, a certificate of profile `admin` may that was issued here and is not revoked; everybody
// else is refused with forbidden. A revoked admin is refused on an open connection too, because each call asks anew.
// Over mutual TLS it asks the ledger, and blocks; fails as the ledger does.
Status check_rights(const http::Caller& caller, const Operations& operations, uid_t owner);

}  // namespace symbolon::authority
