// The thread that keeps what is published new.
#include "authority/crl_publisher_impl.h"
#include "authority/published_crl.h"
#include "base/log.h"
#include "base/memory_guard.h"

namespace symbolon::authority {

using std::chrono::milliseconds;

void CrlPublisher::Impl::attempt(const Issuer& issuer, const IssuerSet& set) {
  std::shared_ptr<const Crl> crl;
  const Status made = unless_out_of_memory([&]() -> Status {
    crl = TRY(make_and_publish(issuer, set));
    return {};
  });
  if (made) {
    retries.erase(issuer.id);
    log(LogLevel::info, "CRL published",
        {{"issuer", issuer.name}, {"number", std::to_string(crl->number)}, {"entries", std::to_string(crl->entries)}});
    return;
  }
  // Only the operator mends that, and finding out takes a walk through the ledger.
  const bool by_hand = made.error().code == Code::crl_ahead_of_ledger;
  retries.insert_or_assign(issuer.id, steady_now() + (by_hand ? options.look : options.again));
  note_failure(issuer.name, made.error());
  log(LogLevel::error, Error{made.error().code, fmt::format("the CRL of '{}': {}", issuer.name, made.error().words),
                             made.error().where});
}

void CrlPublisher::Impl::attempt_shards(const Issuer& issuer, const IssuerSet& set) {
  const auto retry = shard_retries.find(issuer.id);
  if (retry != shard_retries.end() && steady_now() < retry->second) return;
  const Status made = unless_out_of_memory([&] { return publish_shards(issuer, set); });
  if (made) {
    shard_retries.erase(issuer.id);
    return;
  }
  const bool by_hand = made.error().code == Code::crl_ahead_of_ledger;  // which the full one says
  shard_retries.insert_or_assign(issuer.id, steady_now() + (by_hand ? options.look : options.again));
  if (by_hand) return;
  log(LogLevel::error,
      Error{made.error().code, fmt::format("CRLs of '{}': {}", issuer.name, made.error().words), made.error().where});
}

// `making` is held. What fails is in `retries` afterwards.
void CrlPublisher::Impl::turn_of(const Issuer& issuer, const IssuerSet& set,
                                 const std::set<ledger::IssuerId>& revoked) {
  const CrlIssuer all = CrlIssuer::of(issuer, set);
  const auto retry = retries.find(issuer.id);
  const bool waits =
      retry != retries.end() || std::ranges::any_of(all.ids, [&](ledger::IssuerId id) { return revoked.contains(id); });
  const auto there = find(issuer.name);
  if (settled(all) && !is_due(there.get()) && (!waits || has_all(there))) {
    retries.erase(issuer.id);
  } else if (retry == retries.end() || steady_now() >= retry->second) {
    attempt(issuer, set);
  }
}

// The shards first: they are small, and those who take them count on them.
void CrlPublisher::Impl::turn(const std::set<ledger::IssuerId>& revoked, bool full_ones) {
  const auto set = issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign() || !may_sign_crls(issuer)) continue;
    const std::lock_guard lock(making);
    attempt_shards(issuer, *set);
  }
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign() && !issuer.ours) continue;
    const std::lock_guard lock(making);
    if (!issuer.can_sign()) {
      const CrlIssuer all = CrlIssuer::of(issuer, *set);
      const bool news = std::ranges::any_of(all.ids, [&](ledger::IssuerId id) { return revoked.contains(id); });
      if (const Status looked = look_at(issuer, all, news); !looked) log(LogLevel::warning, looked.error());
    } else if (may_sign_crls(issuer) && full_ones) {
      turn_of(issuer, *set, revoked);
    }
  }
}

// CAs with revocations of which the process before this one made no CRL.
std::set<ledger::IssuerId> CrlPublisher::Impl::left_over() {
  std::set<ledger::IssuerId> out;
  const auto set = issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign()) continue;
    const std::lock_guard lock(making);
    static_cast<void>(take_up(CrlIssuer::of(issuer, *set), *set));  // what fails is not settled: turn() tries it again
    const auto there = find(issuer.name);
    if (!there || there->revocations == kUnknownPosition) out.insert(issuer.id);
  }
  return out;
}

milliseconds CrlPublisher::Impl::until_retry() const {
  milliseconds out = options.look;
  for (const auto* const some : {&retries, &shard_retries}) {
    for (const auto& [id, at] : *some) {
      out = std::clamp(std::chrono::duration_cast<milliseconds>(at - steady_now()), milliseconds(1), out);
    }
  }
  return out;
}

// `waiting`: for the time at which the next full CRL may be made.
milliseconds CrlPublisher::Impl::pause_of(bool done, bool waiting) const {
  const milliseconds pause = done ? until_retry() : options.again;
  if (!waiting) return pause;
  const std::lock_guard lock(mutex);
  return std::clamp(std::chrono::ceil<milliseconds>(full_from - steady_now()), milliseconds(1),
                    std::max(pause, milliseconds(1)));
}

void CrlPublisher::Impl::run() {
  std::set<ledger::IssuerId> revoked;
  bool look_around = true;
  while (true) {
    bool full_ones = true;
    {
      const std::lock_guard lock(mutex);
      full_ones = steady_now() >= full_from;
    }
    const Status done = unless_out_of_memory([&]() -> Status {
      if (look_around) revoked.merge(left_over());
      look_around = false;
      turn(revoked, full_ones);
      return {};
    });
    if (done && full_ones) revoked.clear();
    if (!done) log(LogLevel::error, done.error());
    looked_around = true;
    const milliseconds pause = pause_of(done.has_value(), !full_ones || !revoked.empty());
    std::unique_lock lock(bell->mutex);
    bell->behind = !done || !retries.empty() || !shard_retries.empty() || !revoked.empty();
    bell->rung.wait_for(lock, pause, [this] { return bell->has_news(); });
    if (bell->stopping) return;
    if (bell->unsure || !bell->revoked.empty()) {  // further ones may come
      if (bell->rung.wait_for(lock, options.gather, [this] { return bell->stopping; })) return;
    }
    bell->behind = bell->behind || bell->unsure || !bell->revoked.empty();
    revoked.merge(bell->revoked);
    bell->revoked.clear();
    look_around = look_around || std::exchange(bell->unsure, false);
    bell->issuers_changed = false;
  }
}

}  // namespace symbolon::authority
