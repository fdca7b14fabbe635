// Which of several processes that share one log a line comes from.
#pragma once

#include <string>

namespace symbolon {

// Named in every line from then on. Before start_log.
void name_log(std::string role);

}  // namespace symbolon
