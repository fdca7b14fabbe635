// What is to be said of the server's own side, beside how it took the client: its chain, its staple, what it chose.
#pragma once

#include <vector>

#include "check/report.h"

namespace symbolon::check {

// Its chain, judged by the trusted CAs and by itself. Empty where no certificate came.
std::vector<Finding> judge_server_chain(const Observation& observation);

// What it chose and sent in a handshake that came far enough to show it: suite, application protocol, renegotiation,
// staple, the list of CA names.
std::vector<Finding> judge_choices(const Observation& observation);

// What further attempts, the clock it sent and what its certificates name show.
std::vector<Finding> judge_surroundings(const Observation& observation);

}  // namespace symbolon::check
