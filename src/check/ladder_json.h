// The ladder as JSON.
#pragma once

#include <boost/json/array.hpp>

#include "check/ladder.h"

namespace symbolon::check {

// An object a rung: `kind`, `name`, `detail`, and for what crossed: `from` ("client", "server"), `octets`,
// `microseconds` (null where it is not known).
boost::json::array ladder_json(const std::vector<Rung>& rungs);

}  // namespace symbolon::check
