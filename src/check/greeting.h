// Who speaks, by the first octets in the clear.
#pragma once

#include <optional>
#include <string_view>

#include "check/starttls.h"

namespace symbolon::check {

struct Speaker {
  std::string_view words;                 // "an IMAP server"
  std::optional<StartTls> starttls = {};  // by which it changes to TLS, where that can be known
  bool http = false;                      // HTTP in plain, by its status line or by a page
};

// Nobody that we know: none. Total.
std::optional<Speaker> recognize(std::string_view octets);

// A record of RFC 8446 §5.1 with an alert or a handshake message, as far as three octets show it.
bool begins_like_tls(std::string_view octets);

}  // namespace symbolon::check
