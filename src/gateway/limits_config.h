// The tables of `limits:`, of the gateway and of a route.
#pragma once

#include "config/table.h"
#include "gateway/limits.h"

namespace symbolon::gateway {

config::Table<Limits> limits_table();
// Connections only: which route it is shows when the handshake is on its way.
config::Table<Limits> route_limits_table();

}  // namespace symbolon::gateway
