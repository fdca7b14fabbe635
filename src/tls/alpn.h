// Application-layer protocol negotiation: the list as it travels (RFC 7301 §3.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace symbolon::tls {

// Each name after its length. Each must have 1 to 255 octets.
std::string encode_protocols(const std::vector<std::string>& names);

// For messages: "'h2', 'http/1.1'", shortened, without control characters. Total.
std::string text_of_protocols(std::string_view list);

}  // namespace symbolon::tls
