#include "gateway/worker.h"

#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "gateway/out_of_memory.h"
#include "gateway/turn_away.h"

namespace symbolon::gateway {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
constexpr std::size_t kAcceptsPerTurn = 16;  // then the connections that are open have theirs
constexpr auto kPauseAfterError = 100ms;     // when accept fails for a reason that stays
constexpr auto kPauseWithoutMemory = 1ms;    // of the whole thread
constexpr auto kJudgingTurn = 2ms;           // of judging again, before the connections have theirs
constexpr auto kLongestLeave = 3s;           // for sessions that were ended when the gateway stops
constexpr auto kLeavePoll = 20ms;
constexpr auto kLookAround = 1s;
constexpr std::size_t kMostRevoked = 2048;  // keys of certificates, two for each: then all sessions are judged again

// A connection between the thread that accepted it and the one that serves it.
struct Handed {
  Handed(net::Accepted given, std::atomic<std::size_t>& on_the_way) : accepted(std::move(given)), count(on_the_way) {
    count.fetch_add(1, std::memory_order_acq_rel);
  }
  Handed(const Handed&) = delete;
  Handed& operator=(const Handed&) = delete;
  ~Handed() { count.fetch_sub(1, std::memory_order_acq_rel); }

  net::Accepted accepted;
  std::atomic<std::size_t>& count;
};

}  // namespace

Worker::Worker(SharedState& shared) : shared_(shared) { revoked_.reserve(kMostRevoked); }

Worker::~Worker() {
  if (thread_.joinable()) drain(std::chrono::steady_clock::now());
  join();
  thread_state_.handshakes.forget();
}

void Worker::start(std::function<void()> ended) {
  thread_ = std::thread([this, ended = std::move(ended)] {
    pthread_setname_np(pthread_self(), "gateway");
    const auto work = asio::make_work_guard(context_);  // without a door of its own it serves what others hand it
    look_around();
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::bad_alloc&) {  // of one handler: what it was for is gone, the others go on
        say_memory_is_used_up();
      }
    }
    {
      const std::lock_guard lock(reporting_);
      counts_rest_ = true;
    }
    answer_reports();
    left_.store(true, std::memory_order_release);
    ended();
  });
}

void Worker::change(Snapshot snapshot) {
  auto next = std::make_shared<Snapshot>(std::move(snapshot));
  asio::post(context_, [this, next] { apply(std::move(*next)); });
}

void Worker::apply(Snapshot snapshot) {
  for (auto& [address, served] : served_) {
    if (!snapshot.contains(address)) served->routes = nullptr;
  }
  std::erase_if(served_, [](const auto& entry) { return entry.second->routes == nullptr; });
  for (auto& [address, routes] : snapshot) {
    auto& served = served_[address];
    if (!served) served = std::make_shared<ServedAddress>();
    served->routes = std::move(routes);
  }
  std::vector<std::string_view> names;
  for (const auto& [address, served] : served_) {
    for (const auto& route : served->routes->all) names.emplace_back(route->name);
  }
  thread_state_.counts.forget_routes_but(names);
  std::erase_if(doors_, [this](const auto& door) {
    const bool gone = !served_.contains(door->address);
    if (gone) door->listener.finish();
    return gone;
  });
  judge_again();
}

void Worker::open(std::vector<NewDoor> doors) {
  shared_.doors.fetch_add(doors.size(), std::memory_order_relaxed);
  auto next = std::make_shared<std::vector<NewDoor>>(std::move(doors));
  asio::post(context_, [this, next] {
    for (auto& door : *next) {
      doors_.push_back(std::make_shared<Door>(context_.get_executor(), std::move(door)));
      if (leaving_) doors_.back()->listener.finish();
      asio::co_spawn(context_, accept_from(doors_.back()), asio::detached);
    }
  });
}

void Worker::report(std::function<void(ThreadReport)> take) {
  bool at_once = false;
  {
    const std::lock_guard lock(reporting_);
    asked_.push_back(std::move(take));
    at_once = counts_rest_;
  }
  if (at_once) return answer_reports();
  asio::post(context_, [this] { answer_reports(); });
}

void Worker::answer_reports() {
  const std::lock_guard lock(reporting_);
  for (const auto& take : asked_)
    take({.counts = thread_state_.counts.counts(), .sightings = thread_state_.counts.take_sightings()});
  asked_.clear();
}

void Worker::judge_again() {
  const std::lock_guard lock(telling_);
  revoked_.clear();
  all_revoked_ = true;
  tell();
}

void Worker::judge_again(std::span<const CertificateKey> revoked) {
  const std::lock_guard lock(telling_);
  if (revoked_.size() + revoked.size() > kMostRevoked) {
    revoked_.clear();
    all_revoked_ = true;
  }
  if (!all_revoked_) revoked_.insert(revoked_.end(), revoked.begin(), revoked.end());
  tell();
}

void Worker::tell() {
  if (std::exchange(told_, true)) return;
  try {
    asio::post(context_, [this] { go_on_judging(); });
  } catch (const std::bad_alloc&) {  // NOLINT: look_around() will find it
  }
}

void Worker::go_on_judging() {
  if (judging_) return;
  asio::co_spawn(context_, judge_in_turns(), asio::detached);
}

// Ends early for want of memory only: look_around() goes on then where it stopped.
net::Task<void> Worker::judge_in_turns() {
  const struct Judging {
    explicit Judging(bool& flag) : goes_on(flag) { goes_on = true; }
    Judging(const Judging&) = delete;
    Judging& operator=(const Judging&) = delete;
    ~Judging() { goes_on = false; }
    bool& goes_on;
  } judging(judging_);
  auto turn_ends = std::chrono::steady_clock::now() + kJudgingTurn;
  while (Session* const session = next_to_judge()) {
    session->judge_again();
    if (std::chrono::steady_clock::now() < turn_ends) continue;
    co_await asio::post(context_, asio::use_awaitable);
    turn_ends = std::chrono::steady_clock::now() + kJudgingTurn;
  }
}

Session* Worker::next_to_judge() {
  while (true) {
    if (Session* const session = thread_state_.index.next()) return session;
    if (const auto revoked = next_revoked()) {
      thread_state_.index.begin_walk(*revoked);
      continue;
    }
    // Asked again during the walk: another one follows, so that whoever was passed is met.
    if (!walking_ && !std::exchange(judge_again_, false)) return nullptr;
    if (!std::exchange(walking_, true)) thread_state_.sessions.begin_walk();
    if (Session* const session = thread_state_.sessions.next()) return session;
    walking_ = false;
  }
}

std::optional<CertificateKey> Worker::next_revoked() {
  const std::lock_guard lock(telling_);
  told_ = false;
  if (std::exchange(all_revoked_, false)) judge_again_ = true;
  if (revoked_.empty()) return std::nullopt;
  const CertificateKey out = revoked_.back();
  revoked_.pop_back();
  return out;
}

void Worker::look_around() {
  looking_.expires_after(kLookAround);
  looking_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    look_around();  // first: what follows may end for want of memory
    const UnixSeconds now = shared_.clock->now();
    while (Session* const session = thread_state_.expiries.over(now)) session->expired();
    shared_.tickets.drop_old();
    go_on_judging();
  });
}

void Worker::drain(net::Deadline deadline) {
  asio::post(context_, [this, deadline] {
    const bool began = leaving_ != nullptr;
    end_at_ = began ? std::min(end_at_, deadline) : deadline;
    leave_at_ = std::max(end_at_, std::chrono::steady_clock::now()) + kLongestLeave;
    if (began) return;
    leaving_ = std::make_unique<asio::steady_timer>(context_);
    for (auto& door : doors_) door->listener.finish();
    leave_when_empty();
  });
}

void Worker::leave_when_empty() {
  const auto now = std::chrono::steady_clock::now();
  if (now >= end_at_) thread_state_.sessions.end_all(Code::draining, "the gateway stops");
  const bool more_may_come =
      shared_.doors.load(std::memory_order_acquire) != 0 || shared_.on_the_way.load(std::memory_order_acquire) != 0;
  if ((thread_state_.sessions.empty() && !more_may_come) || now >= leave_at_) return context_.stop();
  leaving_->expires_after(kLeavePoll);
  leaving_->async_wait([this](boost::system::error_code) { leave_when_empty(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

bool Worker::answers() { return left_.load(std::memory_order_acquire) || pulse_.answers(context_.get_executor()); }

net::Task<void> Worker::accept_from(std::shared_ptr<Door> door) {
  for (bool is_open = true; is_open;) {
    try {
      is_open = co_await accept_some(*door);
    } catch (const std::bad_alloc&) {
      say_memory_is_used_up();
      std::this_thread::sleep_for(kPauseWithoutMemory);  // a timer would need some
    }
  }
  shared_.doors.fetch_sub(1, std::memory_order_acq_rel);
}

net::Task<bool> Worker::accept_some(Door& door) {
  do {
    Worker& server = door.hands_to.empty() ? *this : *door.hands_to[door.accepts % door.hands_to.size()];
    auto accepted = co_await door.listener.accept_for(server.context_.get_executor());
    if (!accepted) {
      const Error error = std::move(accepted).error();
      if (error.code == Code::cancelled) co_return false;
      thread_state_.counts.refused(error.code);
      log(LogLevel::error, error);
      boost::system::error_code ignored;
      asio::steady_timer pause(context_, kPauseAfterError);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      co_return true;
    }
    ++door.accepts;
    accepted_for(server, door, std::move(*accepted));
  } while (door.accepts % kAcceptsPerTurn != 0);
  co_await asio::post(context_, asio::use_awaitable);
  co_return true;
}

void Worker::accepted_for(Worker& server, const Door& door, net::Accepted accepted) {
  if (&server == this) return serve(door.address, std::move(accepted));
  const auto handed = std::make_shared<Handed>(std::move(accepted), shared_.on_the_way);
  asio::post(server.context_,
             [&server, address = door.address, handed] { server.serve(address, std::move(handed->accepted)); });
}

void Worker::serve(const std::string& address, net::Accepted accepted) {
  const auto found = served_.find(address);
  if (found == served_.end())
    return refuse(std::move(accepted), {Code::route_removed, "nothing is served at this address any more"}, 0);
  const AddressRoutes& routes = *found->second->routes;
  // Whom a proxy speaks for is known when its header has come: see Session.
  const bool proxy = routes.proxies.include(accepted.peer.address);
  const SourceKey source = proxy ? SourceKey{} : source_key(accepted.peer.address);
  auto place = shared_.limits.enter(source, std::chrono::steady_clock::now());
  const int alert = !place && routes.by_name ? row(place.error().code).tls_alert : 0;
  if (!place) return refuse(std::move(accepted), place.error(), alert);
  Session::Arrival arrival{std::move(accepted), std::move(*place), found->second, proxy};
  Session::begin(std::move(arrival), shared_, thread_state_);
}

void Worker::refuse(net::Accepted accepted, const Error& error, int alert) {
  thread_state_.counts.refused(error.code);
  const auto answer = shared_.source_limit.ask(accepted.peer.address, std::chrono::steady_clock::now());
  if (answer.write) {
    const std::string id = next_record_id();
    const RecordHead head{shared_.clock->now(), id, "", &accepted.peer};
    shared_.records->write(refused_record(head, error, answer.suppressed, alert));
  }
  auto away = turn_away(std::move(accepted.socket), alert, shared_.drain);
  asio::co_spawn(context_, std::move(away), asio::detached);
}

}  // namespace symbolon::gateway
