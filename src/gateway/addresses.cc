#include "gateway/addresses.h"

#include <algorithm>

#include "base/log.h"

namespace symbolon::gateway {
namespace {

unsigned socket_mode(const GatewayConfig& config, const net::Endpoint& address) {
  const auto here = std::ranges::find(config.listeners, address, &ListenerConfig::listen);
  return (here == config.listeners.end() ? std::nullopt : here->socket_mode).value_or(ListenerConfig::kSocketMode);
}

Error at_first_route(Error error, const GatewayConfig& config, const net::Endpoint& address) {
  const auto route = std::ranges::find(config.routes, address, &RouteConfig::listen);
  if (error.where.empty() && route != config.routes.end()) error.where = route->place.text();
  return error;
}

}  // namespace

Result<Addresses::New> Addresses::bind(const GatewayConfig& config, std::size_t threads) const {
  New out;
  for (const auto& address : addresses_of(config)) {
    if (in_use_.contains(address.text())) continue;
    Bound bound;
    if (inherited_) bound.sockets = TRY(inherited_->bound_to(address));
    if (bound.sockets.empty()) {
      auto made = net::listen(address, {.sockets = threads, .unix_mode = socket_mode(config, address)});
      if (!made) return std::unexpected(at_first_route(std::move(made).error(), config, address));
      bound.sockets = std::move(*made);
      if (address.kind == net::Endpoint::Kind::unix_path) bound.file = std::make_unique<net::UnixSocketFile>(address);
    }
    bound.at = net::bound_to(bound.sockets.front().get());
    out.emplace(address.text(), std::move(bound));
  }
  return out;
}

std::vector<std::vector<NewDoor>> Addresses::use(const GatewayConfig& config, New bound,
                                                 const std::vector<Worker*>& workers) {
  const auto addresses = addresses_of(config);
  std::erase_if(in_use_, [&](const auto& entry) {
    return std::ranges::none_of(addresses, [&](const auto& address) { return address.text() == entry.first; });
  });
  std::vector<std::vector<NewDoor>> doors(workers.size());
  for (auto& [address, one] : bound) {
    const bool for_each = one.sockets.size() >= workers.size();
    for (auto& socket : one.sockets)
      doors[next_++ % workers.size()].push_back(
          {address, std::move(socket), for_each ? std::vector<Worker*>{} : workers});
    in_use_[address] = {std::move(one.at), std::move(one.file)};
  }
  for (const auto& address : addresses) {
    const auto& file = in_use_.at(address.text()).file;
    if (!file) continue;
    if (const Status set = file->set_mode(socket_mode(config, address)); !set) log(LogLevel::warning, set.error());
  }
  return doors;
}

net::Endpoint Addresses::bound_to(const net::Endpoint& listen) const { return in_use_.at(listen.text()).at; }

std::vector<std::string> Addresses::unused(const GatewayConfig& config) const {
  return inherited_ ? inherited_->besides(addresses_of(config)) : std::vector<std::string>{};
}

}  // namespace symbolon::gateway
