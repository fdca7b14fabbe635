// Who may call the authority's API: default deny.
#pragma once

#include <sys/types.h>

#include <string>

#include "api/endpoints.h"
#include "authority/operations.h"
#include "base/error.h"
#include "http/caller.h"

namespace symbolon::authority {

// What the ledger records as requester: "unix: uid 0", "certificate CN=alice (serial 0a1b)", "tcp 192.0.2.1:4711".
std::string requester_of(const http::Caller& caller);

// Without what tells one certificate of a subject from another: "unix: uid 0", "certificate CN=alice".
std::string person_of(const http::Caller& caller);

// Who comes over a Unix socket or socket pair: root and `owner` (the user of this process) have these roles.
struct LocalCallers {
  uid_t owner;
  api::Roles roles = api::Roles::all();
};

// Whether a certificate that has no role comes as far as a call that holders may make (api::Holders).
enum class Roleless : std::uint8_t { refused, admitted };

// Over a Unix socket or socket pair, what `local` says, and nobody else anything; over mutual TLS, a certificate that
// was issued here and is not revoked has those of Operations::roles_of. Whoever has none is refused with forbidden, but
// for a certificate that is admitted without. Revocation shows on an open connection too, because each call asks anew.
// Over mutual TLS it asks the ledger, and blocks; fails as the ledger does.
Result<api::Roles> roles_of(const http::Caller& caller, const Operations& operations, const LocalCallers& local,
                            Roleless roleless = Roleless::refused);

// Fails with forbidden, naming the roles that the call needs, or that it is for local sockets only. With
// Roleless::admitted every certificate may make it.
Status check_right(const api::Endpoint& endpoint, const Requester& requester, http::Transport transport,
                   Roleless roleless = Roleless::refused);

}  // namespace symbolon::authority
