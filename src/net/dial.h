// Connecting.
#pragma once

#include "net/endpoint.h"
#include "net/socket.h"

namespace symbolon::net {

// A connected socket on the executor of the calling coroutine. Names are resolved, each address is tried in turn.
// Fails with name_not_found, connection_refused, connection_timeout (the deadline passed), network_unreachable,
// out_of_descriptors or system_error.
Task<Result<Socket>> dial(Endpoint endpoint, Deadline deadline);

}  // namespace symbolon::net
