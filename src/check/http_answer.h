// What a server said in HTTP/1.x after the handshake, or instead of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace symbolon::check {

struct HttpAnswer {
  std::string line;                      // the status line, printable
  int status = 0;                        // 0: not readable
  std::optional<UnixSeconds> date = {};  // the Date field (RFC 9110 §6.6.1)
};

// Total; nothing when it is no HTTP answer. The octets may break off anywhere.
std::optional<HttpAnswer> read_http_answer(std::string_view octets);

}  // namespace symbolon::check
