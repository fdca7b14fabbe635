// The processes that `symbolon run` consists of, and what each of them gets:
//
//   signer      the keys of the issuing CAs, the ledger for reading, one end of a socket pair
//   authority   the ledger, the API, the other end
//   gateway     its routes; certificates and revocations over the authority's socket
#pragma once

#include "cli/configuration.h"
#include "cli/service.h"
#include "cli/session.h"

namespace symbolon::cli {

// Until it is told to stop. Fails as load_configuration and roles_to_run. The exit status of a role that could not
// start becomes the session's.
Status run_processes(Roles asked, Session& session);

}  // namespace symbolon::cli
