#include "enroll/authority_url.h"

namespace symbolon::enroll {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kForm = "https://ca.example.internal:8440 or unix:/run/authority.sock";
constexpr std::size_t kLongest = 512;

bool names_port(std::string_view host) {
  const auto bracket = host.rfind(']');
  return host.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
}

}  // namespace

Result<net::Endpoint> parse_authority_url(std::string_view url) {
  if (url.size() > kLongest) return fail(Code::bad_request, "{} octets are no authority's address", url.size());
  if (url.starts_with("unix:")) return net::Endpoint::parse(url);
  if (url.starts_with("http://")) {
    return fail(Code::bad_request, "an authority is called over mutual TLS only: {}", kForm);
  }
  // RFC 3986 §3.1: "schemes are case-insensitive"; what people type in capitals is a slip, and said.
  if (!url.starts_with(kScheme)) return fail(Code::bad_request, "an authority is named as {}", kForm);
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.find_first_of("/?#@") != std::string_view::npos) {
    return fail(Code::bad_request, "an authority has a host and a port, nothing else: {}", kForm);
  }
  const std::string text(url);
  auto endpoint = net::Endpoint::parse(names_port(url) ? text : text + ":443");
  if (!endpoint) return endpoint;
  const bool is_host = endpoint->kind == net::Endpoint::Kind::name || endpoint->kind == net::Endpoint::Kind::address;
  if (!is_host || endpoint->port == 0) return fail(Code::bad_request, "it names no host: {}", kForm);
  return endpoint;
}

}  // namespace symbolon::enroll
