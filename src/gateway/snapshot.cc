#include "gateway/snapshot.h"

#include <algorithm>

#include "x509/must_staple.h"

namespace symbolon::gateway {
namespace {

// Many routes name the same files: each is read once.
class Files {
 public:
  explicit Files(const GatewayInputs& inputs) : inputs_(inputs) {}

  const GatewayInputs& inputs() const { return inputs_; }

  Result<std::shared_ptr<const tls::Credential>> credential(const CertificateFiles& files) {
    auto& known = credentials_[{files.cert, files.key}];
    if (!known) known = TRY(tls::Credential::load(files.cert.string(), files.key.string()));
    return known;
  }

  Result<std::shared_ptr<const x509::TrustBundle>> trust(const Path& file) {
    auto& known = bundles_[file];
    if (!known) known = std::make_shared<const x509::TrustBundle>(TRY(read_trust_file(file, inputs_.clock->now())));
    return known;
  }

 private:
  const GatewayInputs& inputs_;
  std::map<std::pair<Path, Path>, std::shared_ptr<const tls::Credential>> credentials_;
  std::map<Path, std::shared_ptr<const x509::TrustBundle>> bundles_;
};

Result<std::shared_ptr<const tls::Credential>> read_credential(const CertificateSource& source, Files& files) {
  if (const auto* named = std::get_if<CertificateFiles>(&source)) return files.credential(*named);
  if (!files.inputs().authority_credential)
    return fail(Code::authority_unreachable, "`certificate: {{ from: authority }}` needs an authority");
  return files.inputs().authority_credential(std::get<CertificateFromAuthority>(source));
}

struct Trust {
  std::shared_ptr<const x509::TrustBundle> bundle;
  x509::PathCheck check = x509::PathCheck::strict;
};

Result<Trust> read_one_trust(const TrustSource& source, Files& files) {
  if (!source.file) {
    const auto& authority_trust = files.inputs().authority_trust;
    if (!authority_trust) return fail(Code::authority_unreachable, "`trust: [authority]` needs an authority");
    auto trust = TRY(authority_trust());
    return Trust{std::move(trust.bundle), trust.check};
  }
  return Trust{TRY(files.trust(*source.file)), x509::PathCheck::rfc5280};
}

// Every source must be sound by itself; their certificates are then one bundle.
Result<Trust> read_trust(const std::vector<TrustSource>& sources, Files& files) {
  std::vector<x509::Certificate> anchors;
  std::string where;
  Trust out;
  for (const auto& source : sources) {
    Trust one = TRY(read_one_trust(source, files));
    if (one.check == x509::PathCheck::rfc5280) out.check = x509::PathCheck::rfc5280;
    anchors.insert(anchors.end(), one.bundle->anchors().begin(), one.bundle->anchors().end());
    where += (where.empty() ? "" : ", ") + one.bundle->where();
    out.bundle = std::move(one.bundle);
  }
  if (sources.size() == 1) return out;
  auto merged = TRY(x509::TrustBundle::make(std::move(anchors), files.inputs().clock->now(), where));
  out.bundle = std::make_shared<const x509::TrustBundle>(std::move(merged));
  return out;
}

// Without `allow` (which only a server may lack), only what `deny` says decides.
Result<std::shared_ptr<const policy::AccessPolicy>> read_access(const JudgementConfig& config) {
  policy::AccessRules rules{.allow = config.allow.value_or(policy::AllowList{}), .deny = config.deny};
  if (!config.allow) rules.allow.any_verified = true;
  auto access = TRY(policy::AccessPolicy::make(std::move(rules), config.place.text()));
  return std::make_shared<const policy::AccessPolicy>(std::move(access));
}

Result<SideMaterial> read_clients(const RouteConfig& route, Files& files) {
  SideMaterial out;
  if (route.listens_in_plain()) return out;
  out.credential = TRY(read_credential(*route.certificate, files));
  if (route.clients->verify == tls::ClientVerification::insecure_none) return out;
  Trust trust = TRY(read_trust(route.clients->trust, files));
  out.trust = std::move(trust.bundle);
  out.check = route.clients->path_check.value_or(trust.check);
  ENSURE(route.clients->allow.has_value());  // config_no_rules
  out.access = TRY(read_access(*route.clients));
  return out;
}

Result<SideMaterial> read_server(const RouteConfig& route, Files& files) {
  SideMaterial out;
  if (!route.server) return out;
  if (route.server->certificate) out.credential = TRY(read_credential(*route.server->certificate, files));
  Trust trust = TRY(read_trust(route.server->trust, files));
  out.trust = std::move(trust.bundle);
  out.check = route.server->path_check.value_or(trust.check);
  if (route.server->allow || !route.server->deny.empty()) out.access = TRY(read_access(*route.server));
  return out;
}

Result<std::shared_ptr<const net::TunnelProxy>> read_proxy(const std::optional<ViaConfig>& via) {
  if (!via) return nullptr;
  net::TunnelProxy out{.kind = via->kind, .at = via->proxy, .credentials = nullptr};
  if (via->credentials) {
    const Secret content = TRY(read_private_file(*via->credentials));
    auto credentials = net::ProxyCredentials::parse(content.reveal());
    if (!credentials)
      return fail_at(via->credentials->string(), Code::config_bad_value, "{}", credentials.error().words);
    out.credentials = std::make_shared<const net::ProxyCredentials>(std::move(*credentials));
  }
  return std::make_shared<const net::TunnelProxy>(std::move(out));
}

Result<RouteMaterial> read_route(const RouteConfig& route, Files& files) {
  RouteMaterial out;
  out.config = &route;
  out.clients = TRY(read_clients(route, files));
  out.server = TRY(read_server(route, files));
  out.via = TRY(read_proxy(route.via));
  return out;
}

void warn(Materials& materials, const RouteConfig& route, const SideMaterial& side, UnixSeconds now) {
  const auto say = [&](std::string words) {
    materials.warnings.push_back(fmt::format("route '{}' {}", route.name, words));
  };
  if (side.credential && side.credential->leaf().validity().not_after < now)
    say(fmt::format("presents an expired certificate: {} ended on {}", side.credential->leaf().text(),
                    to_rfc3339(side.credential->leaf().validity().not_after)));
  if (!side.trust) return;
  for (const auto& finding : side.trust->warnings())
    say(fmt::format("trusts {}: {}", side.trust->anchors()[finding.index].text(), finding.words));
}

// Of a certificate that clients refuse without a staple, and that never gets one; what else keeps it away, the keeper
// of staples says.
void warn_of_no_staple(Materials& materials, const RouteMaterial& route) {
  const auto& credential = route.clients.credential;
  if (!credential || !x509::must_be_stapled(credential->leaf())) return;
  std::string_view why;
  if (!route.config->staple.value_or(true)) {
    why = "with `staple: false`";
  } else if (credential->leaf().ocsp_urls().empty()) {
    why = "and it names no OCSP responder over http";
  } else {
    return;
  }
  materials.warnings.push_back(
      fmt::format("route '{}' presents a certificate that is to be refused without a staple (RFC 7633), {}: {}",
                  route.config->name, why, credential->leaf().text()));
}

void warn(Materials& materials, const RouteMaterial& route, UnixSeconds now) {
  warn(materials, *route.config, route.clients, now);
  warn_of_no_staple(materials, route);
  warn(materials, *route.config, route.server, now);
  const auto& trust = route.clients.trust;
  if (!trust || trust->ca_name_octets() <= x509::kManyCaNameOctets) return;
  materials.warnings.push_back(
      fmt::format("route '{}' trusts {} CAs, whose names take {} octets of each handshake: common clients may fail, "
                  "and above {} the route does not start",
                  route.config->name, trust->ca_names().size(), trust->ca_name_octets(), x509::kMostCaNameOctets));
}

tls::JudgeOptions judgement(const SideMaterial& side, const JudgementConfig& config, const GatewayInputs& inputs,
                            x509::PathCache& cache) {
  tls::JudgeOptions out;
  out.trust = side.trust;
  out.depth = config.depth.value_or(JudgementConfig::kDepth);
  out.path_check = side.check;
  out.revocation = inputs.revocation;
  out.access = side.access;
  out.cache = &cache;
  out.clock = inputs.clock;
  return out;
}

Result<ServiceTarget> make_service(const RouteMaterial& material, const GatewayInputs& inputs, x509::PathCache& cache) {
  const RouteConfig& config = *material.config;
  ServiceTarget out;
  out.to = config.to;
  out.via = material.via;
  out.timeout = std::chrono::seconds(config.connect_timeout.count);
  out.avoided = std::make_shared<AvoidedAddresses>();
  if (!config.server) return out;
  tls::ClientOptions options;
  options.credential = material.server.credential;
  options.servers = judgement(material.server, *config.server, inputs, cache);
  out.tls = TRY(tls::ClientContext::make(std::move(options)));
  out.server_name = config.server->name;
  out.alpn = config.server->alpn;
  return out;
}

Result<std::shared_ptr<const Route>> make_route(const RouteMaterial& material, const GatewayInputs& inputs,
                                                x509::PathCache& cache) {
  const RouteConfig& config = *material.config;
  Route out{.name = config.name,
            .context = nullptr,
            .credential = material.clients.credential,
            .service = {},
            .onward = config.onward,
            .limits = material.limits,
            .handshake_timeout =
                std::chrono::seconds(config.handshake_timeout.value_or(RouteConfig::kHandshakeTimeout).count),
            .idle_timeout = std::chrono::seconds(config.idle_timeout.count),
            .on_expiry = config.on_expiry};
  out.service = TRY(make_service(material, inputs, cache));
  if (!config.listens_in_plain()) {
    tls::ServerOptions options;
    options.name = config.name;
    options.credential = material.clients.credential;
    options.alpn = config.alpn;
    options.staple = material.staple;
    options.sessions = {.tickets = material.tickets,
                        .lifetime = config.ticket_lifetime.value_or(RouteConfig::kTicketLifetime),
                        .listener = config.listen.text()};
    options.verify = config.clients->verify;
    options.clients = judgement(material.clients, *config.clients, inputs, cache);
    out.context = TRY(tls::ServerContext::make(std::move(options)));
  }
  return std::make_shared<const Route>(std::move(out));
}

// Whom clients without a server name reach: the route that the listener says, or the only one that asks for no name.
std::shared_ptr<const tls::ServerContext> default_of(const GatewayConfig& config, const net::Endpoint& address,
                                                     const AddressRoutes& routes) {
  for (const auto& listener : config.listeners) {
    if (!(listener.listen == address) || !listener.default_route) continue;
    for (const auto& route : routes.all) {
      if (route->name == *listener.default_route) return route->context;
    }
  }
  for (const auto& route : config.routes) {
    if (!(route.listen == address) || !route.names.empty()) continue;
    for (const auto& made : routes.all) {
      if (made->name == route.name) return made->context;
    }
  }
  return nullptr;
}

ProxySources proxies_of(const GatewayConfig& config, const net::Endpoint& address) {
  const auto here = std::ranges::find(config.listeners, address, &ListenerConfig::listen);
  return here == config.listeners.end() ? ProxySources{} : here->accept_proxy_from;
}

}  // namespace

const std::shared_ptr<const Route>& AddressRoutes::of(const tls::ServerContext& context) const {
  const auto found = std::ranges::find_if(all, [&](const auto& route) { return route->context.get() == &context; });
  ENSURE(found != all.end());
  return *found;
}

Error at_route(Error error, const RouteConfig& route) {
  if (error.where.empty()) error.where = route.place.text();
  error.words = fmt::format("route '{}': {}", route.name, error.words);
  return error;
}

Result<x509::TrustBundle> read_trust_file(const Path& file, UnixSeconds now) {
  const std::string content = TRY(read_file(file));
  return x509::TrustBundle::from_file_content(content, now, file.string());
}

Result<Materials> read_materials(const GatewayConfig& config, const GatewayInputs& inputs) {
  Materials out;
  Files files(inputs);
  for (const auto& route : config.routes) {
    auto material = read_route(route, files);
    if (!material) return std::unexpected(at_route(std::move(material).error(), route));
    warn(out, *material, inputs.clock->now());
    out.routes.push_back(std::move(*material));
  }
  return out;
}

Result<Snapshot> make_snapshot(const GatewayConfig& config, const Materials& materials, const GatewayInputs& inputs,
                               x509::PathCache& cache) {
  Snapshot out;
  for (const auto& address : addresses_of(config)) {
    auto routes = std::make_shared<AddressRoutes>();
    routes->proxies = proxies_of(config, address);
    std::vector<tls::ServerRoutes::Entry> entries;
    for (const auto& material : materials.routes) {
      if (!(material.config->listen == address)) continue;
      auto route = make_route(material, inputs, cache);
      if (!route) return std::unexpected(at_route(std::move(route).error(), *material.config));
      if ((*route)->context) entries.push_back({material.config->names, (*route)->context});
      routes->handshake_timeout = std::max(routes->handshake_timeout, (*route)->handshake_timeout);
      routes->all.push_back(std::move(*route));
    }
    if (!entries.empty()) {
      auto default_route = default_of(config, address, *routes);
      routes->by_name = TRY(tls::ServerRoutes::make(std::move(entries), std::move(default_route)));
    }
    out.emplace(address.text(), std::move(routes));
  }
  return out;
}

}  // namespace symbolon::gateway
