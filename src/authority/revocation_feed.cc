#include "authority/revocation_feed.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>

#include "api/heads.h"
#include "authority/records_view.h"
#include "base/log.h"
#include "revocation/issuer_key.h"

namespace symbolon::authority {
namespace {

namespace asio = boost::asio;
using Instant = std::chrono::steady_clock::time_point;
using Timer = std::shared_ptr<asio::steady_timer>;

Instant now() { return std::chrono::steady_clock::now(); }

std::shared_ptr<FeedLog> all_of(ledger::Ledger& ledger) {
  auto out = std::make_shared<FeedLog>();
  const Status walked = ledger.revocations(0, [&](const ledger::Revocation& revocation) {
    out->append(revocation);
    return ledger::Proceed::yes;
  });
  if (!walked) log(LogLevel::error, walked.error());
  return out;
}

// On the timer's own executor, where its wait has begun by then.
void ring(const Timer& timer) {
  asio::post(timer->get_executor(), [timer] { timer->expires_at(Instant::min()); });
}

}  // namespace

struct RevocationFeed::Impl {
  Impl(ledger::Ledger& l, const Clock& time, FeedTimes t, std::shared_ptr<FeedLog> packed_entries)
      : ledger(l), clock(time), times(t), packed(std::move(packed_entries)), history(l, packed) {}

  struct Process {
    std::uint64_t enforced = 0;
    Instant heard;
    std::string version;
  };
  struct Gateway {
    UnixSeconds since;
    std::map<std::string, Process> processes = {};  // that follow
    // As it was when it was heard of last, whichever process spoke:
    std::optional<UnixSeconds> last_seen = {};
    Instant heard;  // first: when this feed began
    std::uint64_t enforced = 0;
    std::string version = {};

    // What all of its processes enforce. Of one that is stopped: what it enforced at the end.
    std::uint64_t reached() const {
      std::uint64_t out = processes.empty() ? enforced : std::numeric_limits<std::uint64_t>::max();
      for (const auto& [name, process] : processes) out = std::min(out, process.enforced);
      return out;
    }
  };

  void entered(std::uint64_t number) {
    std::vector<Timer> waiting;
    {
      const std::lock_guard lock(mutex);
      newest = std::max(newest, number);
      waiting.swap(timers);
    }
    for (const Timer& timer : waiting) ring(timer);
  }

  // Processes that were not heard of lately follow no more. The mutex is held, here and below.
  void look_who_follows() {
    for (auto& [name, gateway] : gateways)
      std::erase_if(gateway.processes, [&](const auto& one) { return now() - one.second.heard > times.presence; });
  }

  struct Count {
    api::Enforcement enforcement;
    bool awaited = false;  // one that follows does not enforce it yet
  };
  Count count(std::uint64_t number) {
    look_who_follows();
    Count out;
    out.enforcement.number = static_cast<std::int64_t>(number);
    out.enforcement.gateways = static_cast<std::int64_t>(gateways.size());
    for (const auto& [name, gateway] : gateways) {
      if (gateway.reached() >= number) {
        ++out.enforcement.acknowledged;
        continue;
      }
      out.awaited |= !gateway.processes.empty();
      if (out.enforcement.missing.size() < api::Enforcement::kMostNames) out.enforcement.missing.push_back(name);
    }
    return out;
  }

  api::GatewayInfo info(const std::string& name, const Gateway& gateway) const {
    const auto reached = static_cast<std::int64_t>(gateway.reached());
    return {.name = name,
            .follows = !gateway.processes.empty(),
            .since = gateway.since,
            .last_seen = gateway.last_seen,
            .enforced = reached,
            .behind = std::max<std::int64_t>(0, static_cast<std::int64_t>(newest) - reached),
            .processes = static_cast<std::int64_t>(gateway.processes.size()),
            .version = gateway.version};
  }

  // The newest that there are.
  void add_heads(api::FeedPage& page) {
    const std::lock_guard lock(mutex);
    if (!heads) return;
    page.feed_head = api::view_of(heads->feed);
    page.audit_head = api::view_of(heads->audit);
    page.head_key = to_base64(heads->key.spki());
  }

  // Makes room for one more process of it.
  static void make_room(Gateway& gateway, const std::string& process) {
    if (gateway.processes.size() < kMostProcesses || gateway.processes.contains(process)) return;
    const auto heard = [](const auto& one) { return one.second.heard; };
    gateway.processes.erase(std::ranges::min_element(gateway.processes, {}, heard));
  }

  ledger::Ledger& ledger;
  const Clock& clock;
  const FeedTimes times;
  const std::shared_ptr<FeedLog> packed;
  FeedHistory history;
  std::mutex mutex;  // guards all below
  std::condition_variable progress;
  std::map<std::string, Gateway> gateways;
  std::vector<Timer> timers;  // of those who wait for news
  std::uint64_t newest = 0;
  std::shared_ptr<const Heads> heads;  // null: none yet
  bool closed = false;
};

RevocationFeed::RevocationFeed(ledger::Ledger& ledger, const Clock& clock, FeedTimes times,
                               std::shared_ptr<FeedLog> entries)
    : impl_(std::make_shared<Impl>(ledger, clock, times, entries ? std::move(entries) : all_of(ledger))) {
  ledger.on_revocation([impl = impl_](const ledger::Revocation& revocation) {
    impl->packed->append(revocation);
    impl->entered(revocation.sequence);
  });
  if (const auto status = ledger.status()) impl_->entered(status->revocations);
  const auto known = ledger.gateways();
  if (!known) {
    log(LogLevel::error, "the gateways are not known: " + known.error().text());
    return;
  }
  for (const ledger::KnownGateway& gateway : *known)
    impl_->gateways.emplace(gateway.name, Impl::Gateway{.since = gateway.since, .heard = now()});
}
RevocationFeed::~RevocationFeed() { close(); }

Status RevocationFeed::heard(const api::FeedQuery& query, bool behind) {
  bool known = false;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->look_who_follows();
    known = impl_->gateways.contains(query.gateway);
    if (!known && impl_->gateways.size() >= kMostGateways)
      return fail(Code::overloaded, "{} gateways follow the feed already", kMostGateways);
  }
  UnixSeconds since = impl_->clock.now();
  if (!known) since = TRY(impl_->ledger.add_gateway(query.gateway)).since;
  {
    const std::uint64_t enforced = behind ? 0 : static_cast<std::uint64_t>(query.after);
    const std::lock_guard lock(impl_->mutex);
    Impl::Gateway& gateway =
        impl_->gateways.try_emplace(query.gateway, Impl::Gateway{.since = since, .heard = now()}).first->second;
    Impl::make_room(gateway, query.process);
    gateway.processes[query.process] = {.enforced = enforced, .heard = now(), .version = query.version};
    gateway.last_seen = impl_->clock.now();
    gateway.heard = now();
    gateway.enforced = enforced;
    gateway.version = query.version;
  }
  impl_->progress.notify_all();
  return {};
}

net::Task<void> RevocationFeed::news(api::FeedQuery query, net::Deadline deadline) {
  const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, deadline);
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->closed || std::cmp_greater(impl_->newest, query.after)) co_return;
    if (query.head && impl_->heads && std::cmp_greater(impl_->heads->feed.head.count, *query.head)) co_return;
    impl_->timers.push_back(timer);
  }
  boost::system::error_code ignored;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const std::lock_guard lock(impl_->mutex);
  std::erase(impl_->timers, timer);
}

Result<api::FeedPage> RevocationFeed::page(const api::FeedQuery& query, const IssuerSet& issuers) {
  api::FeedPage out;
  for (const Issuer& issuer : issuers.issuers) {
    const auto key = revocation::IssuerKey::of(issuer.certificate);
    out.issuers.push_back(to_hex(key.octets) + to_hex(key.name));
  }
  const auto place = impl_->history.at(static_cast<std::uint64_t>(query.after));
  if (!place && place.error().code != Code::not_found) return std::unexpected(place.error());
  out.behind = query.after > 0 && (!place || to_hex(place->hash) != query.digest);
  if (out.behind) {
    out.past = TRY(impl_->history.past());
    impl_->add_heads(out);
    return out;
  }
  if (query.packed) {
    const auto octets_of = [this](ledger::IssuerId id) { return impl_->history.issuer_octets(id); };
    FeedLog::Part part = TRY(impl_->packed->after(place->number, octets_of));
    const auto end = part.block.empty() ? *place : TRY(impl_->history.at(part.last));
    if (end.number > 0) out.digest = to_hex(end.hash);
    out.block = std::move(part.block);
    out.more = part.more;
    impl_->add_heads(out);
    return out;
  }
  revocation::FeedPoint reached = *place;
  Status outcome;
  TRY(impl_->ledger.revocations(reached.number, [&](const ledger::Revocation& revocation) {
    out.more = out.entries.size() == api::FeedPage::kMostEntries;
    const auto issuer = out.more ? Result<crypto::Sha256>() : impl_->history.issuer_octets(revocation.issuer);
    if (!issuer) outcome = std::unexpected(issuer.error());
    if (out.more || !issuer) return ledger::Proceed::no;
    reached.add(chain_entry_of(revocation, *issuer));
    out.entries.push_back({.number = static_cast<std::int64_t>(revocation.sequence),
                           .issuer = to_hex(*issuer),
                           .serial = revocation.serial.hex(),
                           .reason = view_of(revocation).reason,
                           .at = revocation.revoked_at,
                           .invalid_since = revocation.invalid_since});
    return ledger::Proceed::yes;
  }));
  TRY(outcome);
  if (reached.number > 0) out.digest = to_hex(reached.hash);
  impl_->add_heads(out);
  return out;
}

FeedHistory& RevocationFeed::history() { return impl_->history; }

void RevocationFeed::carry(std::shared_ptr<const Heads> heads) {
  std::vector<Timer> waiting;
  {
    const std::lock_guard lock(impl_->mutex);
    const bool further = !impl_->heads || heads->feed.head.count > impl_->heads->feed.head.count;
    impl_->heads = std::move(heads);
    if (further) waiting.swap(impl_->timers);
  }
  for (const Timer& timer : waiting) ring(timer);
}

void RevocationFeed::issuers_changed() {
  std::vector<Timer> waiting;
  {
    const std::lock_guard lock(impl_->mutex);
    waiting.swap(impl_->timers);
  }
  for (const Timer& timer : waiting) ring(timer);
}

std::optional<api::Enforcement> RevocationFeed::wait_for_enforcement(std::uint64_t number) {
  std::unique_lock lock(impl_->mutex);
  const Instant begin = now();
  const Instant end = begin + impl_->times.enforcement;
  Impl::Count state = impl_->count(number);
  std::int64_t acknowledged = state.enforcement.acknowledged;
  std::chrono::milliseconds taken{0};
  while (state.awaited && !impl_->closed) {
    const bool over = impl_->progress.wait_until(lock, end) == std::cv_status::timeout;
    state = impl_->count(number);
    if (state.enforcement.acknowledged > acknowledged) {
      acknowledged = state.enforcement.acknowledged;
      taken = std::chrono::ceil<std::chrono::milliseconds>(now() - begin);
    }
    if (over) break;
  }
  lock.unlock();
  if (state.enforcement.gateways == 0) return std::nullopt;
  state.enforcement.milliseconds = taken.count();
  if (!state.enforcement.missing.empty()) {
    log(LogLevel::error,
        fmt::format("revocation {} is not confirmed by {} of {} gateways: {}", number, state.enforcement.missing.size(),
                    state.enforcement.gateways, fmt::join(state.enforcement.missing, ", ")),
        {{"code", std::string(name(Code::revocation_not_enforced))}});
  }
  return std::move(state.enforcement);
}

api::GatewayList RevocationFeed::gateways() const {
  const std::lock_guard lock(impl_->mutex);
  impl_->look_who_follows();
  api::GatewayList out{.newest = static_cast<std::int64_t>(impl_->newest), .gateways = {}};
  for (const auto& [name, gateway] : impl_->gateways) out.gateways.push_back(impl_->info(name, gateway));
  return out;
}

std::vector<Error> RevocationFeed::alarms() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<Error> out;
  for (const auto& [name, gateway] : impl_->gateways) {
    const auto silent = now() - gateway.heard;
    if (silent <= impl_->times.alarm) continue;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silent).count();
    const std::string_view since = gateway.last_seen ? "silent for" : "not heard of since this authority started,";
    out.push_back({Code::gateway_silent, fmt::format("'{}': {} {}", name, since, to_words(Seconds{seconds}))});
  }
  return out;
}

Result<api::GatewayInfo> RevocationFeed::forget(const std::string& gateway, const std::string& actor) {
  TRY(impl_->ledger.forget_gateway(gateway, actor));
  const std::lock_guard lock(impl_->mutex);
  const auto known = impl_->gateways.find(gateway);
  if (known == impl_->gateways.end()) return fail(Code::not_found, "no gateway is called '{}'", gateway);
  api::GatewayInfo out = impl_->info(gateway, known->second);
  impl_->gateways.erase(known);
  return out;
}

void RevocationFeed::close() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->closed = true;
  }
  impl_->progress.notify_all();
  issuers_changed();
}

}  // namespace symbolon::authority
