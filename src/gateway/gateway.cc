#include "gateway/gateway.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "gateway/addresses.h"
#include "gateway/capacity.h"
#include "gateway/crl_keeper.h"
#include "gateway/snapshot.h"
#include "gateway/staple_keeper.h"
#include "gateway/ticket_key_sharing.h"
#include "gateway/worker.h"
#include "revocation/combined_checker.h"

namespace symbolon::gateway {
namespace {

// By route: those who are inside stay counted, since a route keeps its counts by its name.
using RouteLimits = std::map<std::string, std::shared_ptr<LimitCounts>>;

std::size_t threads_of(const GatewayConfig& config) {
  if (config.threads > 0) return static_cast<std::size_t>(config.threads);
  return std::max(1U, std::thread::hardware_concurrency());
}

// Every CA that some route trusts.
std::vector<x509::Certificate> anchors_of(const Materials& materials) {
  std::vector<x509::Certificate> out;
  for (const RouteMaterial& route : materials.routes) {
    for (const auto& trust : {route.clients.trust, route.server.trust}) {
      if (!trust) continue;
      for (const x509::Certificate& anchor : trust->anchors()) {
        if (std::ranges::find(out, anchor) == out.end()) out.push_back(anchor);
      }
    }
  }
  return out;
}

SideFacts facts_of(PeerKind peer, const SideMaterial& material) {
  SideFacts out{.peer = peer, .certificate = {}, .trust = material.trust};
  if (material.credential) out.certificate = material.credential->leaf();
  return out;
}

}  // namespace

struct Gateway::Impl {
  Impl(const GatewayConfig& first, GatewayInputs given)
      : config(std::make_unique<const GatewayConfig>(first)),
        inputs(std::move(given)),
        shared(*inputs.clock),
        addresses(inputs.inherited),
        threads(threads_of(first)),
        sharing(shared.tickets, *inputs.clock, inputs.ask_ticket_keys),
        staples(*inputs.clock),
        crls({.clock = inputs.clock, .folder = inputs.crls, .changed = [this] { judge_again(); }}) {
    std::vector<std::shared_ptr<const x509::RevocationChecker>> sources = {crls.checker()};
    if (inputs.revocation) sources.push_back(inputs.revocation);
    inputs.revocation = std::make_shared<const revocation::CombinedChecker>(std::move(sources));
    inputs.drain.drainers = std::min(inputs.drain.drainers, raise_descriptor_limit() / 8);
    shared.records = inputs.records;
    shared.revocation = inputs.revocation;
    shared.after_step = inputs.after_step;
    shared.drain = std::make_shared<net::DrainRoom>(inputs.drain);
    for (std::size_t i = 0; i < threads; ++i) workers.push_back(std::make_unique<Worker>(shared));
  }

  std::unique_ptr<const GatewayConfig> config;
  GatewayInputs inputs;  // `revocation`: with the CRLs of other CAs, and so in `shared`: its generation is one for all
  SharedState shared;
  Addresses addresses;
  std::size_t threads;
  std::vector<std::unique_ptr<Worker>> workers;
  TicketKeySharing sharing;
  StapleKeeper staples;
  CrlKeeper crls;  // goes before the workers that it calls
  RouteLimits route_limits;
  mutable std::mutex changing;  // one change at a time; guards what stands above and below
  std::vector<std::string> warnings;
  mutable std::mutex telling;  // guards `state`, which is asked for while a change takes its time
  ReloadState state;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> running{0};  // threads
  std::function<void()> ended;          // set before `draining`
  std::vector<RouteFacts> facts;
  std::unique_ptr<Figures> figures;  // null until the first change has succeeded; goes before the workers that it asks

  Status change(std::unique_ptr<const GatewayConfig> next);
  Status try_change(std::unique_ptr<const GatewayConfig> next);
  void judge_again(const revocation::Addition* added = nullptr);
  RouteLimits limit_routes(Materials& materials) const;
  std::vector<StapleWish> staple_routes(Materials& materials) const;
  std::vector<std::string> warnings_of(const GatewayConfig& next, std::vector<std::string> of_files) const;
  std::vector<std::string> passing_warnings() const;
  void note_failure(const Error& error);
  Status make_figures();
  std::vector<RouteFacts> facts_of_routes(const Materials& materials) const;
  ChainCacheCounts chains() const;
  ReloadState reload_state() const;
};

void Gateway::Impl::judge_again(const revocation::Addition* added) {
  shared.tickets.note_revoked(added, *shared.revocation);
  if (added == nullptr) {
    for (const auto& worker : workers) worker->judge_again();
    return;
  }
  const auto keys = keys_of(*added);
  for (const auto& worker : workers) worker->judge_again(keys);
}

// Everything that can fail, and then nothing that can.
Status Gateway::Impl::try_change(std::unique_ptr<const GatewayConfig> next) {
  Materials materials = TRY(read_materials(*next, inputs));
  RouteLimits next_limits = limit_routes(materials);
  const std::vector<StapleWish> staple_wishes = staple_routes(materials);
  auto next_tickets = shared.tickets.assign(materials);
  auto next_crls = TRY(crls.read(next->crls, anchors_of(materials)));
  std::vector<Snapshot> snapshots;
  for (auto& worker : workers) snapshots.push_back(TRY(make_snapshot(*next, materials, inputs, worker->cache())));
  Addresses::New bound = TRY(addresses.bind(*next, threads));

  std::vector<Worker*> all;
  for (auto& worker : workers) all.push_back(worker.get());
  auto doors = addresses.use(*next, std::move(bound), all);
  shared.limits.replace(limits_of(*next, threads, inputs.drain));
  for (const auto& route : next->routes) {
    if (const auto limited = next_limits.find(route.name); limited != next_limits.end())
      limited->second->replace(route.limits);
  }
  route_limits = std::move(next_limits);
  crls.keep(std::move(next_crls));
  shared.tickets.keep(std::move(next_tickets));
  sharing.domains_are(next->shared_ticket_keys ? TicketKeySharing::Wish::share : TicketKeySharing::Wish::keep_apart);
  for (std::size_t i = 0; i < threads; ++i) workers[i]->change(std::move(snapshots[i]));
  for (std::size_t i = 0; i < threads; ++i) workers[i]->open(std::move(doors[i]));
  staples.keep(staple_wishes);
  warnings = warnings_of(*next, std::move(materials.warnings));
  facts = facts_of_routes(materials);
  if (figures) figures->set_configured(facts, warnings);
  config = std::move(next);
  return {};
}

std::vector<RouteFacts> Gateway::Impl::facts_of_routes(const Materials& materials) const {
  std::vector<RouteFacts> out;
  for (const RouteMaterial& route : materials.routes) {
    RouteFacts& one = out.emplace_back();
    one.name = route.config->name;
    one.listen = addresses.bound_to(route.config->listen).text();
    for (const net::Endpoint& endpoint : route.config->to) one.to.push_back(endpoint.text());
    if (route.config->clients) one.sides.push_back(facts_of(PeerKind::client, route.clients));
    if (route.config->server) one.sides.push_back(facts_of(PeerKind::service, route.server));
    one.staple = route.staple;
  }
  return out;
}

ChainCacheCounts Gateway::Impl::chains() const {
  ChainCacheCounts sum;
  for (const auto& worker : workers) {
    const x509::PathCache& cache = worker->cache();
    const std::uint64_t failed = cache.failure_hits();  // each was a miss before
    sum.verified += cache.hits();
    sum.failed += failed;
    sum.fresh += cache.misses() - failed;
  }
  return sum;
}

Status Gateway::Impl::make_figures() {
  Figures::Parts parts;
  parts.clock = inputs.clock;
  parts.records = inputs.records;
  for (auto& worker : workers) {
    parts.threads.emplace_back(
        [raw = worker.get()](std::function<void(ThreadReport)> take) { raw->report(std::move(take)); });
  }
  parts.limits = &shared.limits;
  parts.chains = [this] { return chains(); };
  parts.reload = [this] { return reload_state(); };
  parts.warnings = [this] { return passing_warnings(); };
  parts.crls = [this] { return crls.facts(); };
  parts.inventory = TRY(Inventory::open(inputs.seen));
  if (const std::size_t lines = parts.inventory->unreadable_lines(); lines != 0)
    warnings.push_back(fmt::format("{}: {} lines cannot be read, and are left out", inputs.seen->string(), lines));
  figures = std::make_unique<Figures>(std::move(parts));
  figures->set_configured(facts, warnings);
  return {};
}

RouteLimits Gateway::Impl::limit_routes(Materials& materials) const {
  RouteLimits out;
  for (auto& route : materials.routes) {
    const Limits& limits = route.config->limits;
    if (limits.connections == 0 && limits.connections_per_source == 0) continue;
    const auto counts = route_limits.find(route.config->name);
    route.limits = counts != route_limits.end() ? counts->second : std::make_shared<LimitCounts>();
    out.emplace(route.config->name, route.limits);
  }
  return out;
}

// A slot stays with its leaf; a new leaf has a new one, so that nothing is ever sent with another certificate.
std::vector<StapleWish> Gateway::Impl::staple_routes(Materials& materials) const {
  std::vector<StapleWish> out;
  std::map<x509::Fingerprint, std::shared_ptr<tls::StapleSlot>> slots;
  for (RouteMaterial& route : materials.routes) {
    const auto& credential = route.clients.credential;
    if (!credential || !route.config->staple.value_or(true) || credential->leaf().ocsp_urls().empty()) continue;
    auto& slot = slots[credential->leaf().fingerprint()];
    if (!slot) slot = staples.slot_of(credential->leaf());
    if (!slot) slot = std::make_shared<tls::StapleSlot>(*inputs.clock);
    route.staple = slot;
    out.push_back({route.config->name, credential, route.clients.trust, slot});
  }
  return out;
}

std::vector<std::string> Gateway::Impl::warnings_of(const GatewayConfig& next,
                                                    std::vector<std::string> of_files) const {
  if (threads_of(next) != threads) of_files.emplace_back("`threads` was changed: it takes effect at the next start");
  for (const auto& socket : addresses.unused(next))
    of_files.push_back("the service manager handed over " + socket + ", where no route listens");
  return of_files;
}

// What comes and goes between two changes.
std::vector<std::string> Gateway::Impl::passing_warnings() const {
  auto out = staples.warnings();
  for (std::string& one : crls.warnings()) out.push_back(std::move(one));
  if (auto one = sharing.warning()) out.push_back(*std::move(one));
  return out;
}

Status Gateway::Impl::change(std::unique_ptr<const GatewayConfig> next) {
  auto changed = try_change(std::move(next));
  if (!changed) {
    note_failure(changed.error());
    return changed;
  }
  const std::lock_guard lock(telling);
  ++state.generation;
  state.loaded_at = inputs.clock->now();
  state.failure.reset();
  return changed;
}

void Gateway::Impl::note_failure(const Error& error) {
  const std::lock_guard lock(telling);
  ++state.failures;
  state.failed_at = inputs.clock->now();
  state.failure = error;
}

Result<std::unique_ptr<Gateway>> Gateway::start(const GatewayConfig& config, GatewayInputs inputs) {
  ENSURE(inputs.clock != nullptr && inputs.records != nullptr);
  auto impl = std::make_unique<Impl>(config, std::move(inputs));
  TRY(impl->change(std::make_unique<const GatewayConfig>(config)));
  TRY(impl->make_figures());
  impl->running = impl->threads;
  for (auto& worker : impl->workers) {
    worker->start([state = impl.get()] {
      if (state->running.fetch_sub(1) == 1 && state->draining && state->ended) state->ended();
    });
  }
  impl->figures->set_phase(api::GatewayPhase::serving);
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Gateway::~Gateway() { stop(); }

Status Gateway::reload(const GatewayConfig& config) {
  const std::lock_guard lock(impl_->changing);
  if (impl_->draining) return {};
  return impl_->change(std::make_unique<const GatewayConfig>(config));
}

Status Gateway::refresh() {
  const std::lock_guard lock(impl_->changing);
  if (impl_->draining) return {};
  return impl_->change(std::make_unique<const GatewayConfig>(*impl_->config));
}

void Gateway::reload_failed(const Error& error) { impl_->note_failure(error); }

ReloadState Gateway::Impl::reload_state() const {
  const std::lock_guard lock(telling);
  return state;
}

ReloadState Gateway::reload_state() const { return impl_->reload_state(); }

void Gateway::judge_again(const revocation::Addition* added) { impl_->judge_again(added); }

void Gateway::ticket_keys_are(const std::string& generation) { impl_->sharing.generation_is(generation); }

void Gateway::drain(std::function<void()> ended) {
  const std::lock_guard lock(impl_->changing);
  if (impl_->draining) return;
  impl_->ended = std::move(ended);
  impl_->draining = true;
  impl_->figures->set_phase(api::GatewayPhase::draining);
  const auto deadline = net::in(std::chrono::seconds(impl_->config->drain_timeout.count));
  for (auto& worker : impl_->workers) worker->drain(deadline);
}

bool Gateway::draining() const { return impl_->draining; }

void Gateway::stop() {
  drain({});
  const std::lock_guard lock(impl_->changing);
  for (auto& worker : impl_->workers) worker->drain(std::chrono::steady_clock::now());
  for (auto& worker : impl_->workers) worker->join();
  impl_->figures->finish();
}

bool Gateway::threads_answer() {
  const auto asked = [](const auto& worker) { return worker->answers(); };
  return static_cast<std::size_t>(std::ranges::count_if(impl_->workers, asked)) == impl_->workers.size();
}

net::Endpoint Gateway::address_of(const std::string& route) const {
  const std::lock_guard lock(impl_->changing);
  const auto found = std::ranges::find(impl_->config->routes, route, &RouteConfig::name);
  ENSURE(found != impl_->config->routes.end());
  return impl_->addresses.bound_to(found->listen);
}

std::vector<std::string> Gateway::warnings() const {
  const std::lock_guard lock(impl_->changing);
  std::vector<std::string> out = impl_->warnings;
  for (std::string& one : impl_->passing_warnings()) out.push_back(std::move(one));
  return out;
}

std::size_t Gateway::connections() const { return impl_->shared.limits.connections(); }

const Figures& Gateway::figures() const { return *impl_->figures; }

}  // namespace symbolon::gateway
