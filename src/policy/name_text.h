// Characters of names: what wildcards may stand for, and case that does not matter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace symbolon::policy {

// Not empty, UTF-8 without control characters (NUL, tab and line feed included).
bool is_clean(std::string_view text);
// ASCII letters only: host names are compared so (RFC 4343 §3).
std::string lower(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
bool is_letter(char c);
bool is_digit(char c);
// For messages: control characters and broken UTF-8 as \xNN, cut at 200 octets.
std::string shown(std::string_view text);

}  // namespace symbolon::policy
