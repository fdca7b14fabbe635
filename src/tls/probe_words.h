// What a probe's TLS library gave up on, in words for people.
#pragma once

#include <string_view>

namespace symbolon::tls {

// Of an error of OpenSSL's error queue; empty: it is none of those that a server brings about, and the library's own
// words must do.
std::string_view probe_words(unsigned long error);

}  // namespace symbolon::tls
