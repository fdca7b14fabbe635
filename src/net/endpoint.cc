#include "net/endpoint.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/utf8.h"

namespace symbolon::net {
namespace {

constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kLongestName = 253;  // RFC 1035 §2.3.4, as text without the root's dot
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kShown = 80;  // octets of what stood there
constexpr std::string_view kForms = "write :8443, 127.0.0.1:3000, [::1]:443, name:5432 or unix:/run/app.sock";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// For messages: what stood there, shortened and without what misleads.
std::string shown(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && end < kShown) end += std::max<std::size_t>(1, first_character(text.substr(end)).octets);
  const std::string out = escaped(text.substr(0, end), LineBreaks::escape);
  return end < text.size() ? out + "..." : out;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  if (value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

// The shortest form of an address literal, or none.
std::optional<std::string> canonical_address(int family, const std::string& text) {
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(family, text.c_str(), octets.data()) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_ntop(family, octets.data(), out.data(), out.size()) == nullptr) return std::nullopt;
  return out.data();
}

// RFC 1123 §2.1, with underscores, which container networks use; one dot may end it.
bool is_host_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kLongestName) return false;
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](char c) { return is_digit(c) || is_letter(c) || c == '-' || c == '_'; }))
      return false;
    if (label.size() == name.size()) return !std::ranges::all_of(label, is_digit);  // "1.2.3" is no name
    name.remove_prefix(label.size() + 1);
  }
}

Result<Endpoint> parse_unix(std::string_view text, std::string_view path) {
  if (path.empty()) return fail(Code::bad_request, "'{}' names no path: write unix:/run/app.sock", shown(text));
  if (path.find('\0') != std::string_view::npos)
    return fail(Code::bad_request, "'{}' has a NUL in its path", shown(text));
  if (path.size() > kLongestPath)
    return fail(Code::bad_request, "the path of '{}' has {} octets, a Unix socket takes at most {}", shown(text),
                path.size(), kLongestPath);
  return Endpoint{Endpoint::Kind::unix_path, std::string(path), 0};
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text, text.substr(5));
  if (text.empty()) return fail(Code::bad_request, "an endpoint is empty: {}", kForms);
  if (std::ranges::all_of(text, is_digit))
    return fail(Code::bad_request, "'{0}' has no colon: for port {0} of every address write :{0}", shown(text));
  if (text.starts_with('/') || text.starts_with('.'))
    return fail(Code::bad_request, "'{0}' looks like a path: for a Unix socket write unix:{0}", shown(text));
  if (text.find("://") != std::string_view::npos)
    return fail(Code::bad_request, "'{}' is a URL: leave out the scheme and the path, {}", shown(text), kForms);

  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']'))
    return fail(Code::bad_request, "'{}' has no port: {}", shown(text), kForms);
  const std::string host(text.substr(0, colon));
  if (!host.starts_with('[') && host.find(':') != std::string::npos)
    return fail(Code::bad_request, "'{}': write an IPv6 address in brackets, [::1]:443", shown(text));
  const auto port = parse_port(text.substr(colon + 1));
  if (!port)
    return fail(Code::bad_request, "'{}': '{}' is not a port (at most 65535)", shown(text),
                shown(text.substr(colon + 1)));

  if (host.empty()) return Endpoint{Kind::any, "", *port};
  if (host.starts_with('[')) {
    const auto address =
        host.ends_with(']') ? canonical_address(AF_INET6, host.substr(1, host.size() - 2)) : std::nullopt;
    if (!address || host.find('\0') != std::string::npos)
      return fail(Code::bad_request, "'{}': that is no IPv6 address in brackets and a port: write [::1]:443",
                  shown(text));
    return Endpoint{Kind::address, *address, *port};
  }
  if (host.find('\0') == std::string::npos) {
    if (const auto address = canonical_address(AF_INET, host)) return Endpoint{Kind::address, *address, *port};
  }
  if (!is_ascii(host) && is_utf8(host))
    return fail(Code::bad_request, "'{}': write the name as it stands in the DNS, xn--...", shown(text));
  if (!is_host_name(host))
    return fail(Code::bad_request, "'{}': '{}' is neither an address nor a host name; {}", shown(text), shown(host),
                kForms);
  std::string lower = host;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  // Written back it would be a socket's path.
  if (lower == "unix") return fail(Code::bad_request, "'{}': a Unix socket is written unix:/run/app.sock", shown(text));
  return Endpoint{Kind::name, lower, *port};
}

std::string Endpoint::text() const {
  switch (kind) {
    case Kind::any: return fmt::format(":{}", port);
    case Kind::address:
      return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                                 : fmt::format("[{}]:{}", host, port);
    case Kind::name: return fmt::format("{}:{}", host, port);
    case Kind::unix_path: return "unix:" + host;
  }
  return {};
}

bool Endpoint::is_local() const {
  return kind == Kind::unix_path || (kind == Kind::address && (host.starts_with("127.") || host == "::1"));
}

}  // namespace symbolon::net
