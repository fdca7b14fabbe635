// Servers that finish the handshake whatever the certificate, and refuse in HTTP.
#pragma once

#include <vector>

#include "check/http_answer.h"
#include "check/report.h"

namespace symbolon::check {

// The server asked for a client certificate, and this is its answer to the request. What decided first; empty: the
// answer is no refusal.
std::vector<Finding> explain_http_refusal(const Observation& observation, const HttpAnswer& answer);

}  // namespace symbolon::check
