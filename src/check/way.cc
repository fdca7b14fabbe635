#include "check/way.h"

#include <algorithm>

namespace symbolon::check {
namespace {

constexpr std::string_view kProxyForms = "--proxy takes http://HOST:PORT or socks5://HOST:PORT";

Result<net::TunnelProxy> read_proxy(std::string_view text) {
  using Kind = net::TunnelProxy::Kind;
  // Not repeated in the message, which may be kept somewhere.
  if (text.find('@') != std::string_view::npos)
    return fail(Code::usage,
                "--proxy holds a user or a password, and every user of a machine can read its command lines: name a "
                "file with user:password by --proxy-credentials");
  net::TunnelProxy out;
  std::string_view rest = text;
  if (rest.starts_with("http://")) {
    out.kind = Kind::http_connect;
    rest.remove_prefix(7);
  } else if (rest.starts_with("socks5://")) {
    out.kind = Kind::socks5;
    rest.remove_prefix(9);
  } else {
    return fail(Code::usage, "{}", kProxyForms);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  auto at = net::Endpoint::parse(rest);
  if (!at) return fail(Code::usage, "{}: {}", kProxyForms, at.error().words);
  const bool has_host = at->kind == net::Endpoint::Kind::name || at->kind == net::Endpoint::Kind::address;
  if (!has_host || at->port == 0) return fail(Code::usage, "{}", kProxyForms);
  out.at = *std::move(at);
  return out;
}

Result<std::shared_ptr<const net::ProxyCredentials>> read_credentials(const Path& file) {
  const Secret content = TRY(read_private_file(file));
  auto credentials = net::ProxyCredentials::parse(content.reveal());
  if (!credentials) return fail_at(file.string(), Code::config_bad_value, "{}", credentials.error().words);
  return std::make_shared<const net::ProxyCredentials>(std::move(*credentials));
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

Result<Way> read_way(const WayArguments& arguments) {
  Way way;
  if (arguments.starttls) {
    way.starttls = starttls_from_name(*arguments.starttls);
    if (!way.starttls) return fail(Code::usage, "--starttls takes one of {}", joined(starttls_names()));
  }
  if (arguments.proxy_protocol) {
    if (*arguments.proxy_protocol != "v1" && *arguments.proxy_protocol != "v2")
      return fail(Code::usage, "--proxy-protocol takes v1 or v2");
    way.proxy_protocol = *arguments.proxy_protocol == "v1" ? ProxyProtocol::v1 : ProxyProtocol::v2;
  }
  if (arguments.proxy_credentials && !arguments.proxy) return fail(Code::usage, "--proxy-credentials needs --proxy");
  if (arguments.proxy) {
    net::TunnelProxy proxy = TRY(read_proxy(*arguments.proxy));
    if (arguments.proxy_credentials) proxy.credentials = TRY(read_credentials(*arguments.proxy_credentials));
    way.proxy = std::make_shared<const net::TunnelProxy>(std::move(proxy));
  }
  return way;
}

std::uint16_t default_port(const Way& way) { return way.starttls ? default_port(*way.starttls) : std::uint16_t{443}; }

}  // namespace symbolon::check
