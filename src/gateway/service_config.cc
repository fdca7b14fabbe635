#include "gateway/service_config.h"

#include "x509/name.h"

namespace symbolon::gateway {
namespace {

// RFC 9525 §3: a reference identity is a DNS name without wildcard, or an address.
Result<std::string> reference_name(std::string_view text) {
  if (x509::GeneralName::ip(text)) return std::string(text);
  const auto name = x509::GeneralName::dns(text);
  if (!name) return std::unexpected(name.error());
  if (name->value.starts_with('*')) return fail(Code::config_bad_value, "a server is expected under one name");
  return name->value;
}

Status check_server(const ServerConfig& server) {
  if (server.trust.empty()) return fail(Code::config_missing_key, "`trust` is missing: [authority], or PEM files");
  return {};
}

}  // namespace

config::Table<ServerConfig> server_table() {
  config::Table<ServerConfig> t(
      "server",
      "The service is dialled over TLS: what it is shown, and whom it must be. Its certificate must hold the "
      "name as a DNS name or address in subjectAltName (RFC 9525); its common name counts for nothing.");
  t.optional("certificate", &ServerConfig::certificate, certificate_value("client"),
             "What the server is shown; without it, nothing.")
      .optional("name", &ServerConfig::name, config::parsed<std::string>("a host name or an address", reference_name),
                "The name that the server's certificate must hold, and that is asked for (SNI); by default the host of "
                "each address in `to`.")
      .optional(
          "alpn", &ServerConfig::alpn, protocols_value(),
          "Application protocols to offer, of which the service may take any; by default the one that was negotiated "
          "with the client, if any, and then the service must take it. Not beside the route's `alpn`.")
      .optional("depth", &ServerConfig::depth, depth_value(),
                "Intermediate certificates at most between leaf and trusted CA; 3 by default.")
      .optional("trust", &ServerConfig::trust, trust_value(),
                "The CAs that may have issued its certificate: `authority`, or PEM files.")
      .optional("allow", &ServerConfig::allow, policy::allow_value(),
                "Which identities it may have besides; by default every one that holds the name.")
      .optional("deny", &ServerConfig::deny, policy::rules_value(), "Which it may not have, whatever `allow` says.")
      .optional("path_check", &ServerConfig::path_check, path_check_value(),
                "How strictly CAs are judged; by default `strict` where only the authority is trusted, else `rfc5280`.")
      .check(check_server)
      .place(&ServerConfig::place);
  return t;
}

config::Value<ViaConfig> via_value() {
  using Kind = net::TunnelProxy::Kind;
  const auto table = [](Kind kind, const std::string& key, std::string help) {
    config::Table<ViaConfig> t("via", std::move(help));
    t.required(key, &ViaConfig::proxy, endpoint_value(), "Where the proxy listens.")
        .optional("credentials", &ViaConfig::credentials, config::path(),
                  "A file that only we can read, with user:password in its one line.");
    return config::as<ViaConfig>(config::table(t), [kind](ViaConfig via) {
      via.kind = kind;
      return via;
    });
  };
  return config::either<ViaConfig>({
      table(Kind::http_connect, "http_connect", "A proxy that takes HTTP's CONNECT (RFC 9110 §9.3.6)."),
      table(Kind::socks5, "socks5", "A SOCKS 5 proxy (RFC 1928), with user and password (RFC 1929) or without."),
  });
}

Status check_service(const std::vector<net::Endpoint>& to, const std::optional<ServerConfig>& server,
                     const std::optional<ViaConfig>& via) {
  for (const net::Endpoint& one : to) {
    if (one.kind == net::Endpoint::Kind::any && (server || via))
      return fail(Code::config_bad_value, "`to: {}` names no host", one.text());
    if (via && one.kind == net::Endpoint::Kind::unix_path)
      return fail(Code::config_bad_value, "`to: {}` cannot be reached through a proxy", one.text());
    if (!server || !server->name.empty()) continue;
    const bool named = one.kind != net::Endpoint::Kind::unix_path && reference_name(one.host);
    if (!named)
      return fail(Code::config_bad_value, "`to: {}` is no name that a certificate can hold: say `name` in `server`",
                  one.text());
  }
  return {};
}

}  // namespace symbolon::gateway
