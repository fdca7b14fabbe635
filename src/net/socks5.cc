#include "net/socks5.h"

#include <arpa/inet.h>

#include <array>

namespace symbolon::net {
namespace {

constexpr std::uint8_t kVersion = 5;
constexpr std::uint8_t kPasswordVersion = 1;  // RFC 1929 §2
constexpr std::uint8_t kNoAuthentication = 0;
constexpr std::uint8_t kUserAndPassword = 2;
constexpr std::uint8_t kNothingAcceptable = 0xFF;
constexpr std::uint8_t kConnect = 1;
constexpr std::uint8_t kIPv4 = 1;
constexpr std::uint8_t kName = 3;
constexpr std::uint8_t kIPv6 = 4;
constexpr std::size_t kReplyHead = 5;  // VER REP RSV ATYP and the first octet of the address

// RFC 1928 §6
std::string_view sentence_of(std::uint8_t reply) {
  switch (reply) {
    case 1: return "general SOCKS server failure";
    case 2: return "connection not allowed by ruleset";
    case 3: return "network unreachable";
    case 4: return "host unreachable";
    case 5: return "connection refused";
    case 6: return "TTL expired";
    case 7: return "command not supported";
    case 8: return "address type not supported";
    default: return "unassigned";
  }
}

void add_text(Bytes& out, std::string_view text) {
  out.push_back(static_cast<std::uint8_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
}

void add_address(Bytes& out, const std::string& host) {
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET, host.c_str(), octets.data()) == 1) {
    out.push_back(kIPv4);
    out.insert(out.end(), octets.begin(), octets.begin() + 4);
  } else if (inet_pton(AF_INET6, host.c_str(), octets.data()) == 1) {
    out.push_back(kIPv6);
    out.insert(out.end(), octets.begin(), octets.end());
  } else {
    out.push_back(kName);
    add_text(out, host);
  }
}

}  // namespace

Socks5Client::Socks5Client(const Endpoint& to, const ProxyCredentials* credentials)
    : to_(to), credentials_(credentials) {
  ENSURE(to_.host.size() <= 255);
  output_ = {kVersion, 1, kNoAuthentication};
  if (credentials_ != nullptr) output_ = {kVersion, 2, kNoAuthentication, kUserAndPassword};
}

Bytes Socks5Client::take_output() { return std::exchange(output_, {}); }

Status Socks5Client::take(ByteView octets) {
  ENSURE(octets.size() == wants_ && state_ != State::connected);
  switch (state_) {
    case State::method: return take_method(octets);
    case State::authentication: return take_authentication(octets);
    case State::reply: return take_reply(octets);
    case State::address:
    case State::connected: break;
  }
  state_ = State::connected;
  wants_ = 0;
  return {};
}

Status Socks5Client::take_method(ByteView octets) {
  if (octets[0] != kVersion) return fail(Code::proxy_malformed, "version {} instead of SOCKS 5", octets[0]);
  const std::uint8_t method = octets[1];
  if (method == kNoAuthentication) {
    request();
    return {};
  }
  if (method == kUserAndPassword && credentials_ != nullptr) {
    output_ = {kPasswordVersion};
    add_text(output_, credentials_->user());
    add_text(output_, credentials_->password());
    state_ = State::authentication;
    return {};
  }
  // "If the selected METHOD is X'FF', none of the methods listed by the client are acceptable"
  if (method == kNothingAcceptable)
    return fail(Code::proxy_authentication, "the proxy accepts neither {}",
                credentials_ != nullptr ? "user and password nor none" : "a client without credentials");
  return fail(Code::proxy_malformed, "the proxy chose the method {}, which was not offered", method);
}

Status Socks5Client::take_authentication(ByteView octets) {
  // RFC 1929 §2: "A STATUS field of X'00' indicates success." (Its version is 1; some proxies send 5.)
  if (octets[1] != 0) return fail(Code::proxy_authentication, "the proxy refused user and password");
  request();
  return {};
}

void Socks5Client::request() {
  output_ = {kVersion, kConnect, 0};
  add_address(output_, to_.host);
  output_.push_back(static_cast<std::uint8_t>(to_.port >> 8));
  output_.push_back(static_cast<std::uint8_t>(to_.port));
  state_ = State::reply;
  wants_ = kReplyHead;
}

Status Socks5Client::take_reply(ByteView octets) {
  if (octets[0] != kVersion)
    return fail(Code::proxy_malformed, "version {} in the reply of a SOCKS 5 proxy", octets[0]);
  if (octets[1] != 0) return fail(Code::proxy_refused, "the proxy says {} ({})", sentence_of(octets[1]), octets[1]);
  state_ = State::address;
  switch (octets[3]) {  // two octets of the port follow the address
    case kIPv4: wants_ = 4 - 1 + 2; return {};
    case kIPv6: wants_ = 16 - 1 + 2; return {};
    case kName: wants_ = std::size_t{octets[4]} + 2; return {};
    default: return fail(Code::proxy_malformed, "address type {} in the proxy's reply", octets[3]);
  }
}

}  // namespace symbolon::net
