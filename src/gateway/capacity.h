// How much the process's file descriptors allow. Private to this folder.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gateway/config.h"
#include "net/drain.h"

namespace symbolon::gateway {

// As many descriptors as the system lets us have; how many that is.
std::size_t raise_descriptor_limit();

// What descriptors are needed for beside connections.
struct Reserve {
  std::size_t threads = 1;
  std::size_t addresses = 1;
  std::size_t drainers = 0;
};

// Connections that `descriptors` suffice for: two each, and one for each that is turned away or drained meanwhile.
// Never less than 64, whatever the limit says: then descriptors run out before (out_of_descriptors).
std::int64_t most_connections(std::size_t descriptors, const Reserve& reserve);

// The gateway's limits, with what the configuration leaves to us.
Limits limits_of(const GatewayConfig& config, std::size_t threads, const net::DrainLimits& drain);

}  // namespace symbolon::gateway
