#include "gateway/config.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/value.h"
#include "policy/rules_value.h"

namespace symbolon::gateway {
namespace {

config::Value<net::Endpoint> endpoint_value() {
  return config::parsed<net::Endpoint>("an endpoint such as :8443, 127.0.0.1:3000 or unix:/run/app.sock",
                                       [](std::string_view text) { return net::Endpoint::parse(text); });
}

config::Value<int> depth_value() {
  return config::as<int>(config::integer(0, 8), [](std::int64_t depth) { return static_cast<int>(depth); });
}

// "authority" is a word; everything else is a file.
config::Value<TrustSource> trust_value() {
  enum class Word : std::uint8_t { authority };
  auto authority = config::as<TrustSource>(config::choice<Word>({{"authority", Word::authority}}),
                                           [](Word) { return TrustSource{}; });
  auto file = config::as<TrustSource>(config::path(), [](Path path) { return TrustSource{std::move(path)}; });
  return config::either<TrustSource>({std::move(authority), std::move(file)});
}

Result<std::string> server_name(std::string_view text) {
  const auto name = x509::GeneralName::dns(text);
  if (!name) return std::unexpected(name.error());
  return name->value;
}

config::Value<std::vector<std::string>> server_names_value() {
  return config::list_of(config::parsed<std::string>("a host name such as app.example or *.example", server_name));
}

config::Value<CertificateSource> certificate_value() {
  struct FromAuthority {
    bool from = true;
    std::vector<std::string> names;
  };
  config::Table<FromAuthority> issued("certificate", "Issued and renewed by the authority.");
  issued.required("from", &FromAuthority::from, config::choice<bool>({{"authority", true}}), "Who issues it.")
      .required("names", &FromAuthority::names, config::list_of(config::string(), {.least = 1}),
                "Names that the certificate holds: host names or addresses.");
  config::Table<CertificateFiles> files("certificate", "Kept in files.");
  files.required("cert", &CertificateFiles::cert, config::path(), "PEM file: the certificate, then its intermediates.")
      .required("key", &CertificateFiles::key, config::path(), "PEM file with the private key, readable by us alone.");
  auto from_authority = config::as<CertificateSource>(config::table(issued), [](FromAuthority read) {
    return CertificateSource(CertificateFromAuthority{std::move(read.names)});
  });
  auto from_files = config::as<CertificateSource>(
      config::table(files), [](CertificateFiles read) { return CertificateSource(std::move(read)); });
  return config::either<CertificateSource>({std::move(from_authority), std::move(from_files)});
}

Status check_clients(const ClientsConfig& clients) {
  if (clients.verify == tls::ClientVerification::insecure_none) {
    if (!clients.trust.empty() || clients.allow || !clients.deny.empty())
      return fail(Code::config_bad_value,
                  "`verify: insecure_none` asks for no certificate: `trust`, `allow` and `deny` would do nothing");
    return {};
  }
  if (clients.trust.empty()) return fail(Code::config_missing_key, "`trust` is missing: [authority], or PEM files");
  if (!clients.allow)
    return fail(Code::config_no_rules,
                "`allow` is missing; to admit whoever has a valid certificate say "
                "`allow: any_verified`");
  return {};
}

config::Table<ClientsConfig> clients_table() {
  using Verify = tls::ClientVerification;
  config::Table<ClientsConfig> t("clients", "Whose certificates are accepted, and who of them may pass.");
  t.optional(
       "verify", &ClientsConfig::verify,
       config::choice<Verify>(
           {{"require", Verify::require}, {"optional", Verify::optional}, {"insecure_none", Verify::insecure_none}}),
       "Whether a client must present a certificate (Apache: SSLVerifyClient). Under `optional` one that is "
       "presented but invalid is refused all the same.")
      .optional("depth", &ClientsConfig::depth, depth_value(),
                "Intermediate certificates at most between leaf and trusted CA (as nginx and HAProxy count; Apache's "
                "SSLVerifyDepth is one more).")
      .optional("trust", &ClientsConfig::trust, config::list_of(trust_value(), {.least = 1}),
                "The CAs that may have issued it: `authority` (its own CAs, not all that is below a root it did not "
                "make), or PEM "
                "files.")
      .optional("allow", &ClientsConfig::allow, policy::allow_value(),
                "Who may pass: `any_verified`, or a list of rules.")
      .optional("deny", &ClientsConfig::deny, policy::rules_value(), "Who may not, whatever `allow` says.")
      .optional(
          "path_check", &ClientsConfig::path_check,
          config::choice<x509::PathCheck>({{"rfc5280", x509::PathCheck::rfc5280}, {"strict", x509::PathCheck::strict}}),
          "How strictly CAs are judged; by default `strict` where only the authority is trusted, else `rfc5280`.")
      .check(check_clients)
      .place(&ClientsConfig::place);
  return t;
}

config::Table<RouteConfig> route_table() {
  const auto timeout = config::duration(Seconds{1}, kDay);
  config::Table<RouteConfig> t("route", "One address and name, and the service behind it.");
  t.required("name", &RouteConfig::name, config::string(), "What records call it.")
      .required("listen", &RouteConfig::listen, endpoint_value(), "Where clients connect.")
      .optional(
          "names", &RouteConfig::names, server_names_value(),
          "Server names (SNI) that lead here, `*.example.com` for one label; without it every name, or none, does.")
      .required("certificate", &RouteConfig::certificate, certificate_value(), "What clients are shown.")
      .required("clients", &RouteConfig::clients, config::table(clients_table()), "Who may pass.")
      .required("to", &RouteConfig::to, endpoint_value(), "The service behind: an address, a name, or a Unix socket.")
      .optional("handshake_timeout", &RouteConfig::handshake_timeout, timeout, "For the TLS handshake.")
      .optional("idle_timeout", &RouteConfig::idle_timeout, timeout, "Without data in either direction.")
      .optional("connect_timeout", &RouteConfig::connect_timeout, timeout, "For connecting to the service.")
      .place(&RouteConfig::place);
  return t;
}

config::Table<ListenerConfig> listener_table() {
  config::Table<ListenerConfig> t("listener", "What holds for all routes of one address.");
  t.required("listen", &ListenerConfig::listen, endpoint_value(), "The address, as the routes write it.")
      .optional("default_route", &ListenerConfig::default_route, config::string(),
                "The route for clients that send no server name; without it they are refused.")
      .place(&ListenerConfig::place);
  return t;
}

Status check_names(const GatewayConfig& gateway) {
  std::map<std::pair<std::string, std::string>, std::string> taken;  // address and server name -> route
  for (const auto& route : gateway.routes) {
    const std::vector<std::string> every = {""};
    for (const auto& name : route.names.empty() ? every : route.names) {
      const auto [at, added] = taken.emplace(std::pair(route.listen.text(), name), route.name);
      if (added) continue;
      return fail(Code::config_bad_value, "the routes '{}' and '{}' both listen on {} {}", at->second, route.name,
                  route.listen.text(), name.empty() ? "without `names`" : fmt::format("for '{}'", name));
    }
  }
  return {};
}

Status check_listeners(const GatewayConfig& gateway) {
  std::set<std::string> seen;
  for (const auto& listener : gateway.listeners) {
    if (!seen.insert(listener.listen.text()).second)
      return fail(Code::config_bad_value, "`listeners` names {} twice", listener.listen.text());
    const auto here = [&](const RouteConfig& route) {
      return route.listen == listener.listen && (!listener.default_route || route.name == *listener.default_route);
    };
    if (std::ranges::any_of(gateway.routes, here)) continue;
    return listener.default_route ? fail(Code::config_bad_value, "`default_route: {}` is no route that listens on {}",
                                         *listener.default_route, listener.listen.text())
                                  : fail(Code::config_bad_value, "no route listens on {}", listener.listen.text());
  }
  return {};
}

}  // namespace

config::Table<GatewayConfig> gateway_table() {
  config::Table<GatewayConfig> t("gateway", "The data plane: mutual TLS in front of services.");
  t.required("routes", &GatewayConfig::routes,
             config::list_of(config::table(route_table()), {.least = 1, .unique_key = "name"}), "One for each service.")
      .optional("listeners", &GatewayConfig::listeners, config::list_of(config::table(listener_table())),
                "Settings of an address that several routes share.")
      .optional("max_connections", &GatewayConfig::max_connections, config::integer(0, 10'000'000),
                "Open connections at most; 0: half of the descriptors that the process may open.")
      .optional("threads", &GatewayConfig::threads, config::integer(0, 1024), "0: one a core.")
      .optional("records", &GatewayConfig::records, config::path(),
                "The file for records of connections and refusals; standard output by default.")
      .check(check_names, "routes")
      .check(check_listeners, "listeners")
      .place(&GatewayConfig::place);
  return t;
}

}  // namespace symbolon::gateway
