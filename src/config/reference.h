// The reference of the configuration, in Markdown, from the tables.
#pragma once

#include <string>

#include "config/description.h"

namespace symbolon::config {

// One section a table, in the order of the keys, headed by the path to it ("gateway.routes[].clients").
std::string reference(const Description& root);

}  // namespace symbolon::config
