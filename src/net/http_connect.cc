#include "net/http_connect.h"

#include "base/bytes.h"

namespace symbolon::net {
namespace {

constexpr std::size_t kShown = 80;  // characters of a foreign line in a message

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string shown(std::string_view line) {
  std::string out;
  for (const char c : line.substr(0, kShown)) out += c >= ' ' && c < 0x7f ? c : '?';
  return out;
}

}  // namespace

std::string connect_request(const Endpoint& to, const ProxyCredentials* credentials) {
  // RFC 9112 §3.2.3: the authority-form, "uri-host ":" port"; RFC 9110 §7.2 wants Host with it.
  std::string out = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", to.text());
  if (credentials != nullptr) {
    const Secret pair(fmt::format("{}:{}", credentials->user(), credentials->password()));
    out += fmt::format("Proxy-Authorization: Basic {}\r\n", to_base64(as_bytes(pair.reveal())));
  }
  return out + "\r\n";
}

Result<std::size_t> ConnectAnswer::take(std::string_view octets) {
  std::size_t count = 0;
  while (count < octets.size() && !connected()) {
    const char c = octets[count++];
    if (++taken_ > kLongestConnectAnswer)
      return fail(Code::proxy_malformed, "the head of the answer is longer than {} octets", kLongestConnectAnswer);
    if (c != '\n') {
      line_ += c;
      continue;
    }
    if (line_.ends_with('\r')) line_.pop_back();
    if (auto done = take_line(); !done) return std::unexpected(std::move(done).error());
    line_.clear();
  }
  return count;
}

Status ConnectAnswer::take_line() {
  if (state_ == State::status) return take_status();
  // "A client MUST ignore any Content-Length or Transfer-Encoding header fields received in a successful response to
  // CONNECT."
  if (line_.empty()) state_ = state_ == State::interim ? State::status : State::connected;
  return {};
}

Status ConnectAnswer::take_status() {
  const std::string_view line = line_;
  const bool formed = line.size() >= 12 && line.starts_with("HTTP/1.") && is_digit(line[7]) && line[8] == ' ' &&
                      is_digit(line[9]) && is_digit(line[10]) && is_digit(line[11]) &&
                      (line.size() == 12 || line[12] == ' ');
  if (!formed) return fail(Code::proxy_malformed, "'{}' is no status line of HTTP/1.1", shown(line));
  // "Any 2xx (Successful) response indicates that the sender (and all inbound proxies) will switch to tunnel mode"
  if (line[9] == '2') {
    state_ = State::fields;
  } else if (line[9] == '1') {
    state_ = State::interim;
  } else if (line.substr(9, 3) == "407" || line.substr(9, 3) == "401") {
    return fail(Code::proxy_authentication, "the proxy answers {}", shown(line.substr(9)));
  } else {
    return fail(Code::proxy_refused, "the proxy answers {}", shown(line.substr(9)));
  }
  return {};
}

}  // namespace symbolon::net
