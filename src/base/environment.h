// Variables of the environment.
#pragma once

#include <optional>
#include <string>

namespace symbolon {

// None: it is not set, or empty. For while no thread sets one: ours are unset (net/service_manager.h) before any other
// runs.
std::optional<std::string> environment(const char* name);

}  // namespace symbolon
