// Refusing a connection whose handshake is not begun. Private to this folder.
#pragma once

#include <memory>

#include "net/drain.h"
#include "net/socket.h"

namespace symbolon::gateway {

// The alert in a bare record (0: none, for plain clients), then the draining close: the client reads an alert and an
// orderly end, and no reset. It costs no handshake. Where the room for draining is full, it is closed at once.
net::Task<void> turn_away(net::Socket socket, int alert, std::shared_ptr<net::DrainRoom> room);

}  // namespace symbolon::gateway
