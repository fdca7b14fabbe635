#include "cli/renewal.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/log.h"
#include "base/memory_guard.h"

namespace symbolon::cli {
namespace {

constexpr UnixSeconds kNever{std::numeric_limits<std::int64_t>::max()};
constexpr Seconds kLook = kMinute;  // the clock may jump: it is looked at this often
constexpr std::chrono::seconds kAwaitAuthority{5};
constexpr std::chrono::milliseconds kAwaitPause{50};
constexpr Seconds kRetry = kMinute * 10;  // after a renewal that failed

std::string stem_of(const std::string& name) {
  std::string stem;
  for (const char c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    stem += plain ? c : '_';
  }
  return stem;
}

}  // namespace

Renewal::Renewal(enroll::ReachAuthority reach, Path folder, const Clock& clock)
    : reach_(std::move(reach)), folder_(std::move(folder)), clock_(clock), next_(kNever) {}

Renewal::~Renewal() { stop(); }

Result<std::shared_ptr<const tls::Credential>> Renewal::credential(const std::string& profile,
                                                                   const std::vector<std::string>& names) {
  TRY(make_folder(folder_, 0700));
  enroll::CredentialWish wish;
  wish.file = folder_ / (stem_of(names.front()) + (profile == "server" ? "" : "." + stem_of(profile)) + ".pem");
  wish.profile = profile;
  wish.names = names;
  auto authority = TRY(reach_authority());
  auto fresh = TRY(enroll::keep_fresh(wish, authority, clock_));
  UnixSeconds next = fresh.renew_at;
  if (fresh.problem) {
    log(LogLevel::warning, *fresh.problem);
    next = clock_.now() + kRetry;
  }
  if (fresh.origin == enroll::CredentialOrigin::issued) {
    log(LogLevel::info, "certificate issued",
        {{"name", names.front()}, {"serial", fresh.credential->leaf().serial().hex()}});
  }
  const std::lock_guard lock(mutex_);
  next_ = std::min(next_, next);
  return std::move(fresh.credential);
}

// It may be starting anew at this moment.
Result<enroll::AuthorityClient> Renewal::reach_authority() {
  const auto last = std::chrono::steady_clock::now() + kAwaitAuthority;
  while (true) {
    auto reached = reach_({});
    if (reached || reached.error().code != Code::authority_unreachable) return reached;
    std::unique_lock lock(mutex_);
    if (!started_ || std::chrono::steady_clock::now() >= last) return reached;
    if (wake_.wait_for(lock, kAwaitPause, [this] { return stopping_; })) return reached;
  }
}

void Renewal::start(std::function<Status()> due) {
  {
    const std::lock_guard lock(mutex_);
    started_ = true;
  }
  thread_ = std::thread([this, due = std::move(due)] { run(due); });
}

void Renewal::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Renewal::hurry() {
  {
    const std::lock_guard lock(mutex_);
    hurried_ = true;
  }
  wake_.notify_all();
}

void Renewal::run(const std::function<Status()>& due) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, std::chrono::seconds(kLook.count), [this] { return stopping_ || hurried_; });
    if (stopping_ || (!hurried_ && clock_.now() < next_)) continue;
    hurried_ = false;
    next_ = kNever;
    lock.unlock();
    const Status done = unless_out_of_memory(due);
    if (!done) log(LogLevel::error, done.error());
    lock.lock();
    if (!done) next_ = std::min(next_, clock_.now() + kRetry);
  }
}

}  // namespace symbolon::cli
