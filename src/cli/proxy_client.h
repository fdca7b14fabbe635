// The client that `symbolon proxy` shows how to use: an identity that its rules admit, and the curl line that gets in.
#pragma once

#include <string>
#include <vector>

#include "authority/operations.h"
#include "base/clock.h"
#include "base/file.h"
#include "net/endpoint.h"
#include "policy/access_policy.h"

namespace symbolon::cli {

// state/client.crt and state/client.key: kept while the ledger knows the certificate as issued, it lasts another day,
// the key is its own and the rules admit it; else made anew, with a name that a rule asks for. Fails with
// not_allowed_by_policy where no name that can be read off the rules is admitted, and as issuing and files do.
Status ready_client(authority::Operations& authority, const Path& state, const policy::AccessPolicy& rules,
                    UnixSeconds now);

struct ShownProxy {
  Path state;
  std::vector<std::string> names;  // in the proxy's certificate; not empty
  net::Endpoint bound;
};

// Works as it stands, pasted into a shell on this machine.
std::string curl_line(const ShownProxy& proxy);

}  // namespace symbolon::cli
