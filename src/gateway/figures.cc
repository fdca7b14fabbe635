#include "gateway/figures.h"

#include <algorithm>

#include "base/log.h"
#include "base/memory_guard.h"
#include "gateway/exposition.h"

namespace symbolon::gateway {
namespace {

constexpr std::chrono::seconds kKeep{10};

std::int64_t number(std::uint64_t count) { return static_cast<std::int64_t>(count); }

std::vector<api::CodeCount> counts_of(const std::map<Code, std::uint64_t>& counts) {
  std::vector<api::CodeCount> out;
  for (const auto& [code, count] : counts) out.push_back({code, number(count)});
  return out;
}

// Clients that were refused, in their handshake or not.
std::map<Code, std::uint64_t> refusals_of(const RouteCounts& counts) {
  std::map<Code, std::uint64_t> out = counts.refused;
  for (const auto& [kind, count] : counts.handshakes) {
    if (kind.refused && kind.peer == PeerKind::client) out[*kind.refused] += count;
  }
  return out;
}

// The codes for what we present to that side.
constexpr Code ended_code(PeerKind peer) {
  return peer == PeerKind::client ? Code::server_certificate_expired : Code::client_certificate_expired;
}
constexpr Code too_early_code(PeerKind peer) {
  return peer == PeerKind::client ? Code::server_certificate_not_yet_valid : Code::client_certificate_not_yet_valid;
}

void add_hindrances(std::vector<api::Warning>& out, const std::string& route, const SideFacts& side, UnixSeconds now) {
  if (side.certificate) {
    const x509::Validity& validity = side.certificate->validity();
    if (validity.not_after < now)
      out.push_back({ended_code(side.peer), fmt::format("route '{}': its certificate for the {} ended on {}", route,
                                                        name(side.peer), to_rfc3339(validity.not_after))});
    if (now < validity.not_before)
      out.push_back({too_early_code(side.peer), fmt::format("route '{}': its certificate for the {} begins on {}",
                                                            route, name(side.peer), to_rfc3339(validity.not_before))});
  }
  const auto ended = [&](const x509::Certificate& anchor) { return anchor.validity().not_after < now; };
  if (side.trust && std::ranges::all_of(side.trust->anchors(), ended))
    out.push_back({Code::ca_expired,
                   fmt::format("route '{}': every CA that it trusts for the {} has ended", route, name(side.peer))});
}

api::RouteStatus status_of(const RouteFacts& facts, const RouteCounts& counts, UnixSeconds now) {
  api::RouteStatus out;
  out.name = facts.name;
  out.listen = facts.listen;
  out.to = facts.to;
  out.open = counts.open;
  out.admitted = number(counts.opened);
  out.refused = counts_of(refusals_of(counts));
  out.received = number(counts.received);
  out.sent = number(counts.sent);
  for (const SideFacts& side : facts.sides) {
    if (const auto& leaf = side.certificate)
      out.certificates.push_back({.shown_to = std::string(name(side.peer)),
                                  .subject = leaf->subject().text(),
                                  .serial = leaf->serial().hex(),
                                  .not_after = leaf->validity().not_after});
  }
  out.hindrances = hindrances_of(facts, now);
  return out;
}

api::ReloadStatus status_of(const ReloadState& state) {
  api::ReloadStatus out{.generation = number(state.generation),
                        .loaded_at = state.loaded_at,
                        .failures = number(state.failures),
                        .problem = {},
                        .failed_at = {}};
  if (state.failure) out.problem = api::Warning{state.failure->code, state.failure->text()};
  if (state.failures != 0) out.failed_at = state.failed_at;
  return out;
}

}  // namespace

std::vector<api::Warning> hindrances_of(const RouteFacts& route, UnixSeconds now) {
  std::vector<api::Warning> out;
  for (const SideFacts& side : route.sides) add_hindrances(out, route.name, side, now);
  return out;
}

Figures::Figures(Parts parts) : parts_(std::move(parts)), started_at_(parts_.clock->now()) {
  ENSURE(parts_.records && parts_.limits && parts_.inventory);
  gathering_ = std::make_unique<Gathering>(parts_.threads);
  keeper_ = std::thread([this] { run(); });
}

Figures::~Figures() { finish(); }

void Figures::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

void Figures::run() {
  Code last_problem = Code::cancelled;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_for(lock, kKeep, [this] { return stopping_; });
    const bool last = stopping_;
    lock.unlock();
    const Status kept = unless_out_of_memory([this] { return keep(); });
    // Once for each problem: a disk that stays full is no news every ten seconds.
    if (!kept && kept.error().code != std::exchange(last_problem, kept.error().code))
      log(LogLevel::warning, kept.error());
    if (kept) last_problem = Code::cancelled;
    lock.lock();
    if (last) return;
  }
}

void Figures::set_phase(api::GatewayPhase phase) {
  const std::lock_guard lock(mutex_);
  phase_ = phase;
}

void Figures::set_configured(std::vector<RouteFacts> routes, std::vector<std::string> warnings) {
  const std::lock_guard lock(mutex_);
  routes_ = std::move(routes);
  warnings_ = std::move(warnings);
}

Gathered Figures::gather() const {
  Gathered gathered = gathering_->gather();
  parts_.inventory->merge(gathered.sightings, parts_.clock->now());
  return gathered;
}

Status Figures::keep() const {
  gather();
  return parts_.inventory->save();
}

Result<api::SeenPage> Figures::seen(const api::SeenQuery& query) const {
  gather();
  return parts_.inventory->list(query);
}

api::GatewayStatus Figures::status() const {
  const Gathered gathered = gather();
  const UnixSeconds now = parts_.clock->now();
  auto soonest = parts_.inventory->soonest(now);
  const auto more_warnings = parts_.warnings();
  const std::lock_guard lock(mutex_);
  api::GatewayStatus out{.version = SYMBOLON_VERSION,
                         .phase = phase_,
                         .now = now,
                         .started_at = started_at_,
                         .threads = number(gathered.threads),
                         .threads_silent = number(gathered.silent),
                         .open = number(parts_.limits->connections()),
                         .most_open = parts_.limits->limits().connections,
                         .records_lost = number(parts_.records->lost()),
                         .certificates_seen = number(parts_.inventory->size()),
                         .reload = status_of(parts_.reload()),
                         .routes = {},
                         .refused = {},
                         .warnings = warnings_};
  out.warnings.insert(out.warnings.end(), more_warnings.begin(), more_warnings.end());
  static const RouteCounts kNothing;
  for (const RouteFacts& facts : routes_) {
    const auto counts = gathered.counts.routes.find(facts.name);
    out.routes.push_back(status_of(facts, counts != gathered.counts.routes.end() ? counts->second : kNothing, now));
    if (const auto first = soonest.find(facts.name); first != soonest.end())
      out.routes.back().soonest = std::move(first->second);
  }
  if (const auto unrouted = gathered.counts.routes.find(""); unrouted != gathered.counts.routes.end())
    out.refused = counts_of(refusals_of(unrouted->second));
  return out;
}

std::vector<prometheus::MetricFamily> Figures::Collect() const {
  const Gathered gathered = gather();
  Exposed exposed;
  exposed.counts = gathered.counts;
  exposed.now = parts_.clock->now();
  exposed.soonest = parts_.inventory->soonest(exposed.now);
  exposed.threads = gathered.threads;
  exposed.threads_silent = gathered.silent;
  exposed.connections = parts_.limits->connections();
  exposed.handshaking = parts_.limits->handshakes();
  exposed.sources = parts_.limits->sources();
  exposed.limits = parts_.limits->limits();
  exposed.chains = parts_.chains();
  if (parts_.crls) exposed.crls = parts_.crls();
  exposed.records_lost = parts_.records->lost();
  exposed.certificates_seen = parts_.inventory->size();
  const std::lock_guard lock(mutex_);
  exposed.routes = routes_;
  exposed.reload = parts_.reload();
  exposed.phase = phase_;
  return families_of(exposed);
}

}  // namespace symbolon::gateway
