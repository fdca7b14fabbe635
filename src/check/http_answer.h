// What a server said in HTTP/1.x after the handshake, or instead of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "tls/probe.h"

namespace symbolon::check {

struct HttpAnswer {
  std::string line;                      // the status line, printable
  int status = 0;                        // 0: not readable
  std::optional<UnixSeconds> date = {};  // the Date field (RFC 9110 §6.6.1)
};

// Total; nothing when it is no HTTP answer. The octets may break off anywhere.
std::optional<HttpAnswer> read_http_answer(std::string_view octets);

// The answer to the request that --http sent. Nothing: none was sent, or what came answers none. Application data as
// such prove nothing: who speaks first (mail servers, the SETTINGS of h2) says the same to everybody.
std::optional<HttpAnswer> answer_to_request(const tls::Transcript& tls, bool asked_http);

// The request was answered with what was asked for, or with where to find it.
bool served(const tls::Transcript& tls, bool asked_http);

// The connection was ended, or the answer says that this client does not get in.
bool turned_away(const tls::Transcript& tls, bool asked_http);

}  // namespace symbolon::check
