#include "authority/revocation_feed.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <map>
#include <mutex>

#include "authority/records_view.h"
#include "ledger/audit_chain.h"
#include "revocation/issuer_key.h"

namespace symbolon::authority {
namespace {

namespace asio = boost::asio;
using Instant = std::chrono::steady_clock::time_point;
using Timer = std::shared_ptr<asio::steady_timer>;

Instant now() { return std::chrono::steady_clock::now(); }

// Of the very revocation: its time and actor tell it from one that got its number in another history of the ledger.
std::string digest_of(const ledger::Revocation& revocation) { return to_hex(ledger::revocation_digest(revocation)); }

// On the timer's own executor, where its wait has begun by then.
void ring(const Timer& timer) {
  asio::post(timer->get_executor(), [timer] { timer->expires_at(Instant::min()); });
}

}  // namespace

struct RevocationFeed::Impl {
  explicit Impl(ledger::Ledger& l, FeedTimes t) : ledger(l), times(t) {}

  struct Follower {
    std::uint64_t enforced = 0;
    Instant heard;
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

  // Those who were heard of lately; the others are forgotten. The mutex is held.
  api::Enforcement count(std::uint64_t number) {
    std::erase_if(followers, [&](const auto& one) { return now() - one.second.heard > times.presence; });
    api::Enforcement out{.gateways = static_cast<std::int64_t>(followers.size()), .acknowledged = 0};
    for (const auto& [name, follower] : followers) out.acknowledged += follower.enforced >= number ? 1 : 0;
    return out;
  }

  ledger::Ledger& ledger;
  const FeedTimes times;
  std::mutex mutex;  // guards all below
  std::condition_variable progress;
  std::map<std::string, Follower> followers;
  std::vector<Timer> timers;  // of those who wait for news
  std::uint64_t newest = 0;
  bool closed = false;
};

RevocationFeed::RevocationFeed(ledger::Ledger& ledger, FeedTimes times) : impl_(std::make_shared<Impl>(ledger, times)) {
  ledger.on_revocation([impl = impl_](const ledger::Revocation& revocation) { impl->entered(revocation.sequence); });
}
RevocationFeed::~RevocationFeed() { close(); }

Status RevocationFeed::heard(const std::string& gateway, std::uint64_t after) {
  {
    const std::lock_guard lock(impl_->mutex);
    const auto known = impl_->followers.find(gateway);
    if (known == impl_->followers.end() && impl_->count(0).gateways >= static_cast<std::int64_t>(kMostFollowers)) {
      return fail(Code::overloaded, "{} gateways follow the feed already", kMostFollowers);
    }
    impl_->followers[gateway] = {.enforced = after, .heard = now()};
  }
  impl_->progress.notify_all();
  return {};
}

net::Task<void> RevocationFeed::news(std::uint64_t after, net::Deadline deadline) {
  const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, deadline);
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->closed || impl_->newest > after) co_return;
    impl_->timers.push_back(timer);
  }
  boost::system::error_code ignored;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const std::lock_guard lock(impl_->mutex);
  std::erase(impl_->timers, timer);
}

Result<api::FeedPage> RevocationFeed::page(const api::FeedQuery& query, const IssuerSet& issuers) {
  api::FeedPage out;
  std::map<ledger::IssuerId, std::string> keys;
  for (const Issuer& issuer : issuers.issuers) {
    const auto key = revocation::IssuerKey::of(issuer.certificate);
    keys[issuer.id] = to_hex(key.octets);
    out.issuers.push_back(keys[issuer.id] + to_hex(key.name));
  }
  const auto after = static_cast<std::uint64_t>(query.after);
  const auto take = [&](const ledger::Revocation& revocation) {
    out.more = out.entries.size() == api::FeedPage::kMostEntries;
    if (out.more) return ledger::Proceed::no;
    out.digest = digest_of(revocation);
    if (out.behind) {  // it is the one that was named, or that is not there
      out.behind = revocation.sequence != after || out.digest != query.digest;
      return out.behind ? ledger::Proceed::no : ledger::Proceed::yes;
    }
    out.entries.push_back({.number = static_cast<std::int64_t>(revocation.sequence),
                           .issuer = keys[revocation.issuer],
                           .serial = revocation.serial.hex(),
                           .reason = view_of(revocation).reason,
                           .at = revocation.revoked_at});
    return ledger::Proceed::yes;
  };
  out.behind = after > 0;
  TRY(impl_->ledger.revocations(after > 0 ? after - 1 : 0, take));
  if (out.behind) out.digest.reset();
  return out;
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
  api::Enforcement state = impl_->count(number);
  const Instant end = now() + impl_->times.enforcement;
  while (state.acknowledged < state.gateways && !impl_->closed) {
    const bool over = impl_->progress.wait_until(lock, end) == std::cv_status::timeout;
    state = impl_->count(number);
    if (over) break;
  }
  if (state.gateways == 0) return std::nullopt;
  return state;
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
