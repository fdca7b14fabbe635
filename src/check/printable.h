// Octets of a stranger, made safe to show on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace symbolon::check {

// Printable ASCII as it is; line breaks, controls, backslash, quote and all above 0x7e as \n, \r, \t, \\, \" or \xHH.
std::string printable(std::string_view octets);

// UTF-8 text with parts of a stranger in it: controls (C0, DEL, C1) as \xHH, all else as it is.
std::string without_controls(std::string_view text);

}  // namespace symbolon::check
