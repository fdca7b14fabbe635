// Headers by which proxies tell services who the client is, and forged ones.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace symbolon::prove {

// RFC 9440, and what Envoy, nginx, HAProxy, Apache and their users have.
const std::vector<std::string>& usual_identity_headers();

// Those whose names stand in a text, in whatever spelling: as they are, with underscores, as CGI has them.
std::vector<std::string> shown_headers(std::string_view text);
// By name, in whatever spelling.
bool is_among(std::string_view header, const std::vector<std::string>& names);

// One request's lies: each header has a value of its own, by which it is found again.
struct Forgery {
  std::string what;                                               // "as they are", "with underscores", "twice"
  std::string fields;                                             // whole lines
  std::vector<std::pair<std::string, std::string>> values;        // header, value
  std::vector<std::string> seen_in(std::string_view text) const;  // the headers whose values stand there
};
// Of the usual ones and `more`.
std::vector<Forgery> forgeries(const std::vector<std::string>& more);

std::string list(const std::vector<std::string>& names);  // "A, B", each once

}  // namespace symbolon::prove
