#include "gateway/config.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "config/value.h"
#include "enroll/authority_url.h"
#include "gateway/limits_config.h"
#include "policy/rules_value.h"

namespace symbolon::gateway {
namespace {

Result<std::string> server_name(std::string_view text) {
  const auto name = x509::GeneralName::dns(text);
  if (!name) return std::unexpected(name.error());
  return name->value;
}

config::Value<std::vector<std::string>> server_names_value() {
  return config::list_of(config::parsed<std::string>("a host name such as app.example or *.example", server_name));
}

Status check_clients(const ClientsConfig& clients) {
  if (clients.verify == tls::ClientVerification::insecure_none) {
    if (!clients.trust.empty() || clients.allow || !clients.deny.empty())
      return fail(Code::config_bad_value,
                  "`verify: insecure_none` asks for no certificate: `trust`, `allow` and `deny` would do nothing");
    if (clients.depth || clients.path_check)
      return fail(Code::config_bad_value,
                  "`verify: insecure_none` asks for no certificate: `depth` and `path_check` would do nothing");
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
                "SSLVerifyDepth is one more); 3 by default.")
      .optional("trust", &ClientsConfig::trust, trust_value(),
                "The CAs that may have issued it: `authority` (its own CAs, not all that is below a root it did not "
                "make), or PEM files.")
      .optional("allow", &ClientsConfig::allow, policy::allow_value(),
                "Who may pass: `any_verified`, or a list of rules.")
      .optional("deny", &ClientsConfig::deny, policy::rules_value(), "Who may not, whatever `allow` says.")
      .optional("path_check", &ClientsConfig::path_check, path_check_value(),
                "How strictly CAs are judged; by default `strict` where only the authority is trusted, else `rfc5280`.")
      .check(check_clients)
      .place(&ClientsConfig::place);
  return t;
}

Status check_plain_listening(const RouteConfig& route) {
  if (!route.server)
    return fail(Code::config_missing_key,
                "`certificate` and `clients` are missing; a route without both listens in plain and needs `server`");
  if (!route.names.empty() || !route.alpn.empty() || route.staple || route.session_tickets || route.ticket_lifetime)
    return fail(Code::config_bad_value,
                "`names`, `alpn`, `staple`, `session_tickets` and `ticket_lifetime` are about TLS; without "
                "`certificate` and `clients` the route listens in plain");
  if (route.listen.is_local() || route.insecure_listen) return {};
  return fail(
      Code::config_bad_value,
      "without `certificate` and `clients` whoever reaches {} is served, in plain: listen on 127.0.0.1, [::1] or "
      "a Unix socket, or say `insecure_listen: true`",
      route.listen.text());
}

Status check_route(const RouteConfig& route) {
  if (route.certificate.has_value() != route.clients.has_value())
    return fail(Code::config_missing_key, "`{}` is missing: `certificate` and `clients` belong together",
                route.certificate ? "clients" : "certificate");
  if (!route.clients) {
    if (auto checked = check_plain_listening(route); !checked) return checked;
  } else if (route.insecure_listen) {
    return fail(Code::config_bad_value, "the route listens for TLS: `insecure_listen` would do nothing");
  }
  if (route.ticket_lifetime && !route.session_tickets.value_or(RouteConfig::kSessionTickets))
    return fail(Code::config_bad_value, "`ticket_lifetime` would do nothing without `session_tickets: true`");
  if (route.server && !route.server->alpn.empty() && !route.alpn.empty())
    return fail(Code::config_bad_value,
                "`alpn` stands in the route and in `server`: what was agreed on with the client is offered to the "
                "service, and nothing else");
  return check_service(route.to, route.server, route.via);
}

config::Table<RouteConfig> route_table() {
  const auto timeout = config::duration(Seconds{1}, kDay);
  config::Table<RouteConfig> t("route", "One address and name, and the service behind it.");
  t.required("name", &RouteConfig::name, config::string(), "What records call it.")
      .required("listen", &RouteConfig::listen, endpoint_value(), "Where clients connect.")
      .optional("insecure_listen", &RouteConfig::insecure_listen, config::boolean(),
                "A route that listens in plain may do so for other machines than this one.")
      .optional(
          "names", &RouteConfig::names, server_names_value(),
          "Server names (SNI) that lead here, `*.example.com` for one label; without it every name, or none, does.")
      .optional("certificate", &RouteConfig::certificate, certificate_value("server"),
                "What clients are shown. Without `certificate` and `clients` the route listens in plain, on a loopback "
                "address or a Unix socket, and needs `server`.")
      .optional(
          "alpn", &RouteConfig::alpn, protocols_value(),
          "Application protocols (RFC 7301) that the service speaks, by preference, such as [h2, http/1.1]. A client "
          "that offers none of them is refused; without this key what clients offer is ignored. A service that speaks "
          "TLS must agree on the same one.")
      .optional("staple", &RouteConfig::staple, config::boolean(),
                "Where the certificate names an OCSP responder, whether that is asked about it and the answer sent to "
                "clients that want one (RFC 6066); they are by default.")
      .optional("session_tickets", &RouteConfig::session_tickets, config::boolean(),
                "Whether clients may resume their sessions by tickets (RFC 5077, RFC 8446); off by default. A session "
                "that is offered is judged as a new handshake is: expiry, revocation, trust and rules; one that fails "
                "is declined, and the full handshake follows.")
      .optional("ticket_lifetime", &RouteConfig::ticket_lifetime,
                config::duration(Seconds{1}, tls::TicketKeys::kLongest - tls::TicketKeys::kPeriod),
                "How long after its full handshake a session may be resumed; 1h by default, 6h at most.")
      .optional("clients", &RouteConfig::clients, config::table(clients_table()), "Who may pass.")
      .required("to", &RouteConfig::to, config::one_or_list(endpoint_value(), {.least = 1, .most = 64}),
                "The service behind: an address, a name, or a Unix socket; or a list of them. They are tried in this "
                "order, every address of a name in turn; one that failed is tried last for the next 10 s. What a name "
                "resolves "
                "to is remembered for 5 s.")
      .optional("server", &RouteConfig::server, config::table(server_table()),
                "The service speaks TLS; without it, plain.")
      .optional("via", &RouteConfig::via, via_value(), "The proxy through which the service is reached.")
      .optional("proxy_protocol", &RouteConfig::onward, onward_value(),
                "Tell the service about each client in a PROXY protocol header: `v2` says the addresses, whether the "
                "client's certificate was verified, the TLS version, the cipher, the certificate and its common name, "
                "ALPN and the server name; `v1` only the addresses; `{ send: [...] }` what you choose.")
      .optional("limits", &RouteConfig::limits, config::table(route_limits_table()), "What the route bears at most.")
      .optional("handshake_timeout", &RouteConfig::handshake_timeout, timeout,
                "For the client's TLS handshake, and the PROXY protocol header before it; 10s by default.")
      .optional("idle_timeout", &RouteConfig::idle_timeout, timeout, "Without data in either direction.")
      .optional(
          "connect_timeout", &RouteConfig::connect_timeout, timeout,
          "For reaching the service: all addresses, the proxy and the server's TLS handshake included. Each address "
          "gets an even share of what is left.")
      .optional("on_expiry", &RouteConfig::on_expiry,
                config::choice<OnExpiry>({{"close", OnExpiry::close}, {"insecure_keep", OnExpiry::insecure_keep}}),
                "What becomes of an open connection when the certificate of its client, of a server that is dialled, "
                "or of a CA above them ends. Without `insecure_keep` it is closed within a second.")
      .check(check_route)
      .place(&RouteConfig::place);
  return t;
}

Result<unsigned> octal_mode(std::string_view text) {
  unsigned mode = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (problem == std::errc{} && end == text.data() + text.size() && mode <= 0777) return mode;
  return fail(Code::config_bad_value, "'{}' is no octal mode", text);
}

config::Table<ListenerConfig> listener_table() {
  config::Table<ListenerConfig> t("listener", "What holds for all routes of one address.");
  t.required("listen", &ListenerConfig::listen, endpoint_value(), "The address, as the routes write it.")
      .optional("default_route", &ListenerConfig::default_route, config::string(),
                "The route for clients that send no server name; without it they are refused.")
      .optional(
          "accept_proxy_from", &ListenerConfig::accept_proxy_from, proxy_sources_value(),
          "Proxies before us, as networks, or `unix`: each of their connections must begin with a PROXY protocol "
          "header (1 or 2), and whom it names is the client for records, rules and limits. From others none is read.")
      .optional("socket_mode", &ListenerConfig::socket_mode,
                config::parsed<unsigned>("an octal mode such as 0660", octal_mode),
                "Who may connect to a Unix socket: the mode of its file; 0600 by default.")
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

Status check_plain_addresses(const GatewayConfig& gateway) {
  for (const auto& route : gateway.routes) {
    const auto here = [&](const RouteConfig& other) { return &other != &route && other.listen == route.listen; };
    const auto other = std::ranges::find_if(gateway.routes, here);
    if (route.listens_in_plain() && other != gateway.routes.end())
      return fail(Code::config_bad_value, "the route '{}' listens on {} in plain: '{}' cannot be told from it",
                  route.name, route.listen.text(), other->name);
  }
  return {};
}

const ListenerConfig* listener_of(const GatewayConfig& gateway, const net::Endpoint& address) {
  const auto here = std::ranges::find(gateway.listeners, address, &ListenerConfig::listen);
  return here == gateway.listeners.end() ? nullptr : &*here;
}

// Options that are about a handshake, where there is none.
Status check_plain_options(const GatewayConfig& gateway) {
  for (const auto& route : gateway.routes) {
    if (!route.listens_in_plain()) continue;
    const ListenerConfig* const listener = listener_of(gateway, route.listen);
    if (listener != nullptr && listener->default_route)
      return fail(Code::config_bad_value, "`default_route` would do nothing: {} is listened on in plain",
                  route.listen.text());
    if (route.handshake_timeout && (listener == nullptr || listener->accept_proxy_from.empty()))
      return fail(Code::config_bad_value,
                  "`handshake_timeout` would do nothing: the route '{}' listens in plain, and takes no PROXY header",
                  route.name);
  }
  return {};
}

Status check_listeners(const GatewayConfig& gateway) {
  std::set<std::string> seen;
  for (const auto& listener : gateway.listeners) {
    if (!seen.insert(listener.listen.text()).second)
      return fail(Code::config_bad_value, "`listeners` names {} twice", listener.listen.text());
    if (listener.socket_mode && listener.listen.kind != net::Endpoint::Kind::unix_path)
      return fail(Code::config_bad_value, "`socket_mode` would do nothing: {} is no Unix socket",
                  listener.listen.text());
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

Status check_sharing(const GatewayConfig& gateway) {
  const auto has_tickets = [](const RouteConfig& route) {
    return route.session_tickets.value_or(RouteConfig::kSessionTickets);
  };
  if (!gateway.shared_ticket_keys || std::ranges::any_of(gateway.routes, has_tickets)) return {};
  return fail(Code::config_bad_value, "`shared_ticket_keys` would do nothing: no route has `session_tickets: true`");
}

}  // namespace

std::vector<Path> files_of(const GatewayConfig& config) {
  std::vector<Path> out;
  const auto note_certificate = [&](const std::optional<CertificateSource>& source) {
    const auto* const files = source ? std::get_if<CertificateFiles>(&*source) : nullptr;
    if (files != nullptr) out.insert(out.end(), {files->cert, files->key});
  };
  const auto note_trust = [&](const JudgementConfig& peers) {
    for (const auto& source : peers.trust) {
      if (source.file) out.push_back(*source.file);
    }
  };
  for (const auto& route : config.routes) {
    note_certificate(route.certificate);
    if (route.clients) note_trust(*route.clients);
    if (route.server) note_certificate(route.server->certificate);
    if (route.server) note_trust(*route.server);
    if (route.via && route.via->credentials) out.push_back(*route.via->credentials);
  }
  if (config.authority) {
    out.insert(out.end(), {config.authority->cert, config.authority->key});
    if (config.authority->anchors) out.push_back(*config.authority->anchors);
  }
  for (const CrlConfig& crl : config.crls) {
    if (crl.file() != nullptr) out.push_back(*crl.file());
    if (crl.issuers) out.push_back(*crl.issuers);
  }
  return out;
}

std::vector<net::Endpoint> addresses_of(const GatewayConfig& config) {
  std::vector<net::Endpoint> out;
  for (const auto& route : config.routes) {
    if (std::ranges::find(out, route.listen) == out.end()) out.push_back(route.listen);
  }
  return out;
}

namespace {

config::Table<AuthorityElsewhere> elsewhere_table() {
  config::Table<AuthorityElsewhere> t("authority", "An authority elsewhere, over mutual TLS.");
  t.required("url", &AuthorityElsewhere::url,
             config::parsed<net::Endpoint>("an authority's address such as https://ca.example.internal:8440",
                                           enroll::parse_authority_url),
             {"Where its API is.", "https://ca.example.internal:8440"})
      .required("cert", &AuthorityElsewhere::cert, config::path(),
                {"The certificate that it knows this gateway by, of the profile `gateway`; its chain behind it.",
                 "/etc/symbolon/edge-1.crt"})
      .required("key", &AuthorityElsewhere::key, config::path(), {"Its key.", "/etc/symbolon/edge-1.key"})
      .optional(
          "anchors", &AuthorityElsewhere::anchors, config::path(),
          {"Its CAs, PEM: `anchors.crt` of its state folder, copied. Default: `anchors.crt` in the state folder here.",
           "/etc/symbolon/anchors.crt"})
      .place(&AuthorityElsewhere::place);
  return t;
}

}  // namespace

config::Table<GatewayConfig> gateway_table() {
  config::Table<GatewayConfig> t("gateway", "The data plane: mutual TLS in front of services.");
  t.required("routes", &GatewayConfig::routes,
             config::list_of(config::table(route_table()), {.least = 1, .unique_key = "name"}), "One for each service.")
      .optional("listeners", &GatewayConfig::listeners, config::list_of(config::table(listener_table())),
                "Settings of an address that several routes share.")
      .optional("limits", &GatewayConfig::limits, config::table(limits_table()),
                "What the gateway bears at most, in all and of one source.")
      .optional("threads", &GatewayConfig::threads, config::integer(0, 1024), "0: one a core.")
      .optional("records", &GatewayConfig::records, config::path(),
                "The file for records of connections and refusals; standard output by default.")
      .optional("drain_timeout", &GatewayConfig::drain_timeout, config::duration(Seconds{0}, kDay),
                "How long open connections may go on after SIGTERM, before they are closed.")
      .optional("authority", &GatewayConfig::authority, config::table(elsewhere_table()),
                "The authority that this gateway belongs to, where it runs elsewhere: its revocations count here, and "
                "`trust: [authority]` means its CAs.")
      .optional("stale_after", &GatewayConfig::stale_after, config::duration(Seconds{10}, kDay * 30),
                "Where the authority is another process and was not heard of for so long, nobody knows what it has "
                "revoked since: certificates of its CAs are refused (`revocation_unknown`) until it is back.")
      .optional("shared_ticket_keys", &GatewayConfig::shared_ticket_keys, config::boolean(),
                "Whether the keys of session tickets come from the authority, which gives the same ones to every "
                "gateway that asks and trusts the same certificates, so that a session of one resumes at the others; "
                "off by default. Who has such a key can come as any client: docs/threat-model.md.")
      .optional("crls", &GatewayConfig::crls, crls_value(),
                "Revocation lists of other CAs, by which certificates are judged beside what the authority says.")
      .check(check_names, "routes")
      .check(check_plain_addresses, "routes")
      .check(check_plain_options, "routes")
      .check(check_listeners, "listeners")
      .check(check_sharing, "shared_ticket_keys")
      .place(&GatewayConfig::place);
  return t;
}

}  // namespace symbolon::gateway
