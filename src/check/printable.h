// Octets of a stranger, made safe to show on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace symbolon::check {

// Printable ASCII as it is; line breaks, controls, backslash, quote and all above 0x7e as \n, \r, \t, \\, \" or \xHH.
std::string printable(std::string_view octets);

}  // namespace symbolon::check
