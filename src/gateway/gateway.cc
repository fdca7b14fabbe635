#include "gateway/gateway.h"

#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include "gateway/snapshot.h"
#include "gateway/worker.h"
#include "net/listener.h"

namespace symbolon::gateway {
namespace {

constexpr std::size_t kOtherDescriptors = 64;  // files, listening sockets, epoll

// As many descriptors as the system lets us have; how many that is.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

// Two descriptors a connection, and one for each that is turned away or drained meanwhile.
std::int64_t most_connections(std::size_t descriptors, std::size_t drainers) {
  const std::size_t others = kOtherDescriptors + drainers;
  return static_cast<std::int64_t>(descriptors > others + 2 * kOtherDescriptors ? (descriptors - others) / 2
                                                                                : kOtherDescriptors);
}

// What the configuration leaves to us.
Limits limits_of(const GatewayConfig& config, const net::DrainLimits& drain) {
  Limits out = config.limits;
  if (out.connections == 0) out.connections = most_connections(raise_descriptor_limit(), drain.drainers);
  if (out.handshakes == 0) out.handshakes = std::max<std::int64_t>(1, out.connections / 2);
  return out;
}

std::size_t threads_of(const GatewayConfig& config) {
  if (config.threads > 0) return static_cast<std::size_t>(config.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

struct Gateway::Impl {
  GatewayConfig config;
  GatewayInputs inputs;
  SharedState shared;
  std::vector<std::unique_ptr<Worker>> workers;
  std::map<std::string, std::shared_ptr<LimitCounts>> route_limits;  // by route
  std::vector<net::Endpoint> bound;                                  // in the order of addresses_of(config)
  std::vector<std::string> warnings;
  std::mutex refreshing;
  bool stopped = false;

  // Those who are inside stay counted: a route keeps its counts by its name.
  void limit_routes(Materials& materials) {
    std::map<std::string, std::shared_ptr<LimitCounts>> next;
    for (auto& route : materials.routes) {
      const Limits& limits = route.config->limits;
      if (limits.connections == 0 && limits.connections_per_source == 0) continue;
      auto& counts = route_limits[route.config->name];
      if (!counts) counts = std::make_shared<LimitCounts>();
      counts->replace(limits);
      route.limits = next[route.config->name] = counts;
    }
    route_limits = std::move(next);
  }
  // One for each worker.
  Result<std::vector<Snapshot>> make_snapshots(const Materials& materials) {
    std::vector<Snapshot> out;
    for (auto& worker : workers) out.push_back(TRY(make_snapshot(config, materials, inputs, worker->cache())));
    return out;
  }
};

Result<std::unique_ptr<Gateway>> Gateway::start(const GatewayConfig& config, GatewayInputs inputs) {
  ENSURE(inputs.clock != nullptr && inputs.records != nullptr);
  auto impl = std::make_unique<Impl>();
  impl->config = config;
  impl->inputs = std::move(inputs);
  impl->shared.clock = impl->inputs.clock;
  impl->shared.records = impl->inputs.records;
  net::DrainLimits drain = impl->inputs.drain;
  drain.drainers = std::min(drain.drainers, raise_descriptor_limit() / 8);
  impl->shared.drain = std::make_shared<net::DrainRoom>(drain);
  impl->shared.limits.replace(limits_of(config, drain));
  const std::size_t threads = threads_of(config);
  for (std::size_t i = 0; i < threads; ++i) impl->workers.push_back(std::make_unique<Worker>(impl->shared));
  Materials materials = TRY(read_materials(impl->config, impl->inputs));
  impl->limit_routes(materials);
  std::vector<Snapshot> snapshots = TRY(impl->make_snapshots(materials));
  impl->warnings = std::move(materials.warnings);

  std::vector<std::vector<net::ListeningSocket>> sockets(threads);  // by thread, then by address
  for (const auto& address : addresses_of(impl->config)) {
    auto group = TRY(net::listen(address, {.sockets = threads}));
    impl->bound.push_back(net::bound_to(group.front().get()));
    for (std::size_t i = 0; i < threads; ++i) sockets[i].push_back(std::move(group[i]));
  }
  for (std::size_t i = 0; i < threads; ++i) impl->workers[i]->start(std::move(sockets[i]), std::move(snapshots[i]));
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Gateway::~Gateway() { stop(); }

Status Gateway::refresh() {
  const std::lock_guard lock(impl_->refreshing);
  if (impl_->stopped) return {};
  Materials materials = TRY(read_materials(impl_->config, impl_->inputs));
  impl_->limit_routes(materials);
  std::vector<Snapshot> snapshots = TRY(impl_->make_snapshots(materials));
  for (std::size_t i = 0; i < impl_->workers.size(); ++i) impl_->workers[i]->replace(std::move(snapshots[i]));
  return {};
}

void Gateway::stop() {
  const std::lock_guard lock(impl_->refreshing);
  impl_->stopped = true;
  for (auto& worker : impl_->workers) worker->stop();
  for (auto& worker : impl_->workers) worker->join();
}

net::Endpoint Gateway::address_of(const std::string& route) const {
  const auto addresses = addresses_of(impl_->config);
  for (const auto& one : impl_->config.routes) {
    if (one.name != route) continue;
    const auto at = std::ranges::find(addresses, one.listen);
    return impl_->bound[static_cast<std::size_t>(at - addresses.begin())];
  }
  ENSURE(false);
  return {};
}

const std::vector<std::string>& Gateway::warnings() const { return impl_->warnings; }

std::size_t Gateway::connections() const { return impl_->shared.limits.connections(); }

}  // namespace symbolon::gateway
