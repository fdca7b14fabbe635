// How an error is told, in one shape.
#pragma once

#include <string_view>

#include "cli/terminal.h"

namespace symbolon::cli {

// error: where: words / code / remedy; on standard error.
void tell_error(const Terminal& terminal, const Error& error, std::string_view remedy);

}  // namespace symbolon::cli
