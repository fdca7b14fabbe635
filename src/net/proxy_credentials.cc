#include "net/proxy_credentials.h"

#include <algorithm>

namespace symbolon::net {
namespace {

constexpr std::size_t kLongest = 255;

bool is_good(std::string_view part) {
  const auto control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
  return !part.empty() && part.size() <= kLongest && std::ranges::none_of(part, control);
}

}  // namespace

Result<ProxyCredentials> ProxyCredentials::parse(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return fail(Code::bad_request, "write user:password in one line");
  if (!is_good(text.substr(0, colon)) || !is_good(text.substr(colon + 1)))
    return fail(Code::bad_request, "user and password have 1 to {} octets each, without control characters", kLongest);
  return ProxyCredentials(std::string(text.substr(0, colon)), Secret(text.substr(colon + 1)));
}

}  // namespace symbolon::net
