#include "gateway/snapshot.h"

#include <algorithm>

namespace symbolon::gateway {
namespace {

Result<std::shared_ptr<const tls::Credential>> read_credential(const RouteConfig& route, const GatewayInputs& inputs) {
  if (const auto* files = std::get_if<CertificateFiles>(&route.certificate))
    return tls::Credential::load(files->cert.string(), files->key.string());
  if (!inputs.authority_credential)
    return fail(Code::authority_unreachable, "`certificate: {{ from: authority }}` needs an authority");
  return inputs.authority_credential(std::get<CertificateFromAuthority>(route.certificate).names);
}

struct Trust {
  std::shared_ptr<const x509::TrustBundle> bundle;
  x509::PathCheck check = x509::PathCheck::strict;
};

Result<Trust> read_one_trust(const TrustSource& source, const GatewayInputs& inputs) {
  if (!source.file) {
    if (!inputs.authority_trust) return fail(Code::authority_unreachable, "`trust: [authority]` needs an authority");
    auto trust = TRY(inputs.authority_trust());
    return Trust{std::move(trust.bundle), trust.check};
  }
  auto bundle = TRY(read_trust_file(*source.file, inputs.clock->now()));
  return Trust{std::make_shared<const x509::TrustBundle>(std::move(bundle)), x509::PathCheck::rfc5280};
}

// Every source must be sound by itself; their certificates are then one bundle.
Result<Trust> read_trust(const std::vector<TrustSource>& sources, const GatewayInputs& inputs) {
  std::vector<x509::Certificate> anchors;
  std::string where;
  Trust out;
  for (const auto& source : sources) {
    Trust one = TRY(read_one_trust(source, inputs));
    if (one.check == x509::PathCheck::rfc5280) out.check = x509::PathCheck::rfc5280;
    anchors.insert(anchors.end(), one.bundle->anchors().begin(), one.bundle->anchors().end());
    where += (where.empty() ? "" : ", ") + one.bundle->where();
    out.bundle = std::move(one.bundle);
  }
  if (sources.size() == 1) return out;
  auto merged = TRY(x509::TrustBundle::make(std::move(anchors), inputs.clock->now(), where));
  out.bundle = std::make_shared<const x509::TrustBundle>(std::move(merged));
  return out;
}

Result<RouteMaterial> read_route(const RouteConfig& route, const GatewayInputs& inputs) {
  RouteMaterial out;
  out.config = &route;
  out.credential = TRY(read_credential(route, inputs));
  if (route.clients.verify == tls::ClientVerification::insecure_none) return out;
  Trust trust = TRY(read_trust(route.clients.trust, inputs));
  out.trust = std::move(trust.bundle);
  out.check = route.clients.path_check.value_or(trust.check);
  policy::AccessRules rules{.allow = route.clients.allow.value_or(policy::AllowList{}), .deny = route.clients.deny};
  auto access = TRY(policy::AccessPolicy::make(std::move(rules), route.clients.place.text()));
  out.access = std::make_shared<const policy::AccessPolicy>(std::move(access));
  return out;
}

void warn(Materials& materials, const RouteMaterial& route, UnixSeconds now) {
  const auto& leaf = route.credential->leaf();
  if (leaf.validity().not_after < now)
    materials.warnings.push_back(fmt::format("route '{}' presents an expired certificate: {} ended on {}",
                                             route.config->name, leaf.text(), to_rfc3339(leaf.validity().not_after)));
  if (!route.trust) return;
  for (const auto& finding : route.trust->warnings())
    materials.warnings.push_back(fmt::format("route '{}' trusts {}: {}", route.config->name,
                                             route.trust->anchors()[finding.index].text(), finding.words));
}

Result<std::shared_ptr<const Route>> make_route(const RouteMaterial& material, const GatewayInputs& inputs,
                                                x509::PathCache& cache) {
  const RouteConfig& config = *material.config;
  tls::ServerOptions options;
  options.name = config.name;
  options.credential = material.credential;
  options.verify = config.clients.verify;
  options.clients.trust = material.trust;
  options.clients.depth = config.clients.depth;
  options.clients.path_check = material.check;
  options.clients.revocation = inputs.revocation;
  options.clients.access = material.access;
  options.clients.cache = &cache;
  options.clients.clock = inputs.clock;
  auto context = TRY(tls::ServerContext::make(std::move(options)));
  return std::make_shared<const Route>(Route{.name = config.name,
                                             .context = std::move(context),
                                             .to = config.to,
                                             .handshake_timeout = std::chrono::seconds(config.handshake_timeout.count),
                                             .idle_timeout = std::chrono::seconds(config.idle_timeout.count),
                                             .connect_timeout = std::chrono::seconds(config.connect_timeout.count)});
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

}  // namespace

const std::shared_ptr<const Route>& AddressRoutes::of(const tls::ServerContext& context) const {
  const auto found = std::ranges::find_if(all, [&](const auto& route) { return route->context.get() == &context; });
  ENSURE(found != all.end());
  return *found;
}

std::vector<net::Endpoint> addresses_of(const GatewayConfig& config) {
  std::vector<net::Endpoint> out;
  for (const auto& route : config.routes) {
    if (std::ranges::find(out, route.listen) == out.end()) out.push_back(route.listen);
  }
  return out;
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
  for (const auto& route : config.routes) {
    auto material = read_route(route, inputs);
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
    std::vector<tls::ServerRoutes::Entry> entries;
    for (const auto& material : materials.routes) {
      if (!(material.config->listen == address)) continue;
      auto route = make_route(material, inputs, cache);
      if (!route) return std::unexpected(at_route(std::move(route).error(), *material.config));
      entries.push_back({material.config->names, (*route)->context});
      routes->handshake_timeout = std::max(routes->handshake_timeout, (*route)->handshake_timeout);
      routes->all.push_back(std::move(*route));
    }
    auto default_route = default_of(config, address, *routes);
    routes->by_name = TRY(tls::ServerRoutes::make(std::move(entries), std::move(default_route)));
    out.push_back(std::move(routes));
  }
  return out;
}

}  // namespace symbolon::gateway
