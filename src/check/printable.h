// Octets of a stranger, made safe to show on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace symbolon::check {

// Printable ASCII as it is; line breaks, controls, backslash, quote and all above 0x7e as \n, \r, \t, \\, \" or \xHH.
std::string printable(std::string_view octets);

// Text with parts of a stranger in it: what would mislead (base/utf8.h) escaped, line breaks included.
std::string without_controls(std::string_view text);

// The same, cut behind `most` octets of it: "abc... (and 97 octets more)".
std::string without_controls(std::string_view text, std::size_t most);

}  // namespace symbolon::check
