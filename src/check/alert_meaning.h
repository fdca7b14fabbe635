// What a TLS alert from a server means to the person who tried to connect.
#pragma once

#include <string>
#include <string_view>

namespace symbolon::check {

// RFC 8446 §6.2 in a sentence without full stop; for numbers without a meaning of their own, a sentence that says so.
std::string_view alert_meaning(int alert);

// "unknown_ca (48)"
std::string alert_text(int alert);

}  // namespace symbolon::check
