// Why a handshake ended before a client certificate came into play, by how it ended and by what further attempts came
// to.
#pragma once

#include <vector>

#include "check/report.h"

namespace symbolon::check {

// What answers is no TLS server. First what it is.
std::vector<Finding> explain_what_is_no_tls(const Observation& observation);

// The port speaks HTTP in plain, as a further attempt showed; false: nothing showed that.
bool answers_plain_http(const Observation& observation);

// The server ended it with an alert, hung up or stopped, and had not asked for a client certificate.
std::vector<Finding> explain_early_end(const Observation& observation);

// Our library gave the handshake up.
std::vector<Finding> explain_giving_up(const Observation& observation);

}  // namespace symbolon::check
