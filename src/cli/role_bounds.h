// What each role may open, write and connect to: made from the configuration, entered before the role does anything.
#pragma once

#include "cli/configuration.h"
#include "contain/privileges.h"
#include "contain/sandbox.h"

namespace symbolon::cli {

// The certificates that a route gets from the authority: its own, and the one that it presents to its service.
std::vector<gateway::CertificateFromAuthority> wishes_of(const gateway::RouteConfig& route);

// After keys and ledger are open: nothing at all.
contain::Bounds bounds_of_signer();
// The state folder, and the one for backups; no TCP connections go out.
contain::Bounds bounds_of_authority(const LoadedConfiguration& loaded);
// Its folder in the state (credentials, inventory), the ports of its services. Files that the configuration names are
// opened by the supervisor (contain/control.h), so that no folder has to be readable because of one file in it. Makes
// that folder.
contain::Bounds bounds_of_gateway(const LoadedConfiguration& loaded);

// When started as root; nothing without a name. Fails with config_bad_value (there is no such user), system_error.
Status change_user(const LoadedConfiguration& loaded, const std::optional<std::string>& name, contain::Keep keep);
// NAME-signer for `user: NAME` where that user exists, else NAME.
std::optional<std::string> signer_user(const LoadedConfiguration& loaded);

// How the bounds were entered; none where `insecure_no_sandbox` is set.
using Entry = std::optional<contain::Entered>;
// Fails as contain::enter.
Result<Entry> enter_bounds(const LoadedConfiguration& loaded, const contain::Bounds& bounds);
// When the gateway listens: from now on it makes no Unix socket, and so connects to none but through the supervisor
// (the kernel's filter cannot see where a socket is connected to). Fails as contain::filter_calls.
Status close_unix_sockets(const Entry& entry);
// In the log: what holds, and as warnings what does not.
void say(const Entry& entry);

}  // namespace symbolon::cli
