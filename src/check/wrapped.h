// Text in lines that fit a terminal of 80 columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace symbolon::check {

inline constexpr std::size_t kTextColumns = 78;  // two are left free, for terminals that break at the last one

// How many columns a UTF-8 text takes: wide characters (UAX #11) two, all others one, combining ones too.
std::size_t columns(std::string_view text);

// Lines of at most `width` columns (at least 8). Words stay whole where they fit; a longer one is broken behind one of
// ,;:/.=@_- where that leaves no short line, else anywhere between two characters. Empty text gives no line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace symbolon::check
