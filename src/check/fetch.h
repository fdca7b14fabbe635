// Can what certificates name be fetched from here: CRLs, issuers' certificates, OCSP responders?
#pragma once

#include <chrono>
#include <vector>

#include "check/observation.h"

namespace symbolon::check {

// Asks for what the certificates of the verified paths name over http, all at the same time, each with `wait`; a
// bounded number of URLs, of each the first octets. Only verified paths: else a stranger would say where this machine
// goes.
std::vector<Fetched> fetch_named(const Observation& observation, std::chrono::milliseconds wait);

}  // namespace symbolon::check
