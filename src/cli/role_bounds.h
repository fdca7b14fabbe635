// What each role may open, write and connect to: made from the configuration, entered before the role does anything.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

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
// The content of a file with certificates; none: it cannot be read, or it holds more than kMostCertificateFile octets.
using ReadCertificate = std::function<std::optional<std::string>(const Path&)>;
inline constexpr std::size_t kMostCertificateFile = 1 << 20;
// Where the connections of a gateway go to: services or the proxies before them, the OCSP responders that staples are
// fetched from, the servers of CRLs, and the resolver where there are names. Responders are named by certificates in
// files, which are read for it (one that cannot be read names none: what is wrong with it, the gateway says), and by
// `authority.ocsp`; an authority elsewhere has its own behind port 80. Without a gateway: none.
std::vector<std::uint16_t> ports_of(const LoadedConfiguration& loaded, const ReadCertificate& read);
// Its folder in the state (credentials, inventory), the ports of its services. Files that the configuration names are
// opened by the supervisor (contain/control.h), so that no folder has to be readable because of one file in it. Makes
// that folder.
contain::Bounds bounds_of_gateway(const LoadedConfiguration& loaded);

// Whom the roles become when root starts them: `user`, else whom the state belongs to. None: they stay who they are.
// Fails with config_bad_value (there is no such user).
Result<std::optional<contain::User>> user_of(const LoadedConfiguration& loaded);
// Of the signer: contain::signer_of where that user exists, else the same.
Result<std::optional<contain::User>> signer_user(const LoadedConfiguration& loaded);
// Nothing without a user. Fails with system_error.
Status change_user(const std::optional<contain::User>& user, contain::Keep keep);

// How the bounds were entered; none where `insecure_no_sandbox` is set.
using Entry = std::optional<contain::Entered>;
// Fails as contain::enter.
Result<Entry> enter_bounds(const LoadedConfiguration& loaded, const contain::Bounds& bounds);
// For the gateway: it makes no Unix socket, and so neither listens on nor connects to one but through the supervisor
// (the kernel's filter cannot see where a socket is connected to). Fails as contain::filter_calls.
Status close_unix_sockets(const Entry& entry);
// In the log: what holds, and as warnings what does not.
void say(const Entry& entry);

}  // namespace symbolon::cli
