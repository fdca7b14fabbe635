// Conditional requests (RFC 9110 §13): does who asks have the newest one already?
#pragma once

#include <string_view>

#include "http/message.h"

namespace symbolon::http {

// Of a representation with this entity tag (quoted) and this Last-Modified. If-None-Match goes before If-Modified-Since
// (§13.1.3), and the date counts where it is the very one that we said: what a clock said that was set right since is
// not the older one of before.
bool has_it(const Headers& asked, std::string_view tag, std::string_view date);
// The same by If-None-Match alone.
bool has_tag(const Headers& asked, std::string_view tag);

}  // namespace symbolon::http
