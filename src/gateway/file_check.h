// The files that the configuration names, read as a start reads them, without starting anything.
#pragma once

#include <vector>

#include "base/clock.h"
#include "gateway/config.h"

namespace symbolon::gateway {

// Everything that Gateway::start would refuse about certificates, keys and trust bundles, in the order of the routes,
// and about CRLs, with the codes that it would have. No URL is asked. What comes from an authority is not asked for.
std::vector<Error> check_files(const GatewayConfig& config, UnixSeconds now);

}  // namespace symbolon::gateway
