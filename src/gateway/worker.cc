#include "gateway/worker.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "gateway/turn_away.h"

namespace symbolon::gateway {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {
constexpr std::size_t kAcceptsPerTurn = 16;  // then the connections that are open have theirs
constexpr auto kPauseAfterError = 100ms;     // when accept fails for a reason that stays
constexpr auto kLongestLeave = 3s;           // for open connections when the gateway stops
constexpr auto kLeavePoll = 20ms;
}  // namespace

Worker::~Worker() {
  stop();
  join();
  thread_state_.handshakes.forget();
}

void Worker::start(std::vector<net::ListeningSocket> sockets, Snapshot snapshot) {
  snapshot_ = std::move(snapshot);
  for (auto& socket : sockets) {
    listeners_.push_back(std::make_unique<net::Listener>(context_.get_executor(), std::move(socket)));
    asio::co_spawn(context_, accept_from(listeners_.size() - 1), asio::detached);
  }
  thread_ = std::thread([this] { context_.run(); });
}

void Worker::replace(Snapshot snapshot) {
  auto swap = [this, next = std::make_shared<Snapshot>(std::move(snapshot))] { snapshot_ = std::move(*next); };
  asio::post(context_, std::move(swap));
}

void Worker::stop() {
  asio::post(context_, [this] {
    if (leaving_) return;
    for (auto& listener : listeners_) listener->close();
    thread_state_.sessions.end_all(Code::draining, "the gateway stops");
    leaving_ = std::make_unique<asio::steady_timer>(context_);
    leave_at_latest_ = std::chrono::steady_clock::now() + kLongestLeave;
    leave_when_empty();
  });
}

void Worker::leave_when_empty() {
  if (thread_state_.sessions.empty() || std::chrono::steady_clock::now() >= leave_at_latest_) return context_.stop();
  leaving_->expires_after(kLeavePoll);
  leaving_->async_wait([this](boost::system::error_code) { leave_when_empty(); });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

net::Task<void> Worker::accept_from(std::size_t address) {
  net::Listener& listener = *listeners_[address];
  std::size_t accepts = 0;
  while (true) {
    auto accepted = co_await listener.accept();
    if (accepted) {
      take_in(std::move(*accepted), snapshot_[address]);
      if (++accepts % kAcceptsPerTurn == 0) co_await asio::post(context_, asio::use_awaitable);
      continue;
    }
    const Error error = std::move(accepted).error();
    if (error.code == Code::cancelled) co_return;
    log(LogLevel::error, error);
    boost::system::error_code ignored;
    asio::steady_timer pause(context_, kPauseAfterError);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void Worker::take_in(net::Accepted accepted, const std::shared_ptr<const AddressRoutes>& routes) {
  // Whom a proxy speaks for is known when its header has come: see Session.
  const bool proxy = routes->proxies.include(accepted.peer.address);
  const SourceKey source = proxy ? SourceKey{} : source_key(accepted.peer.address);
  auto place = shared_.limits.enter(source, std::chrono::steady_clock::now());
  const int alert = !place && routes->by_name ? row(place.error().code).tls_alert : 0;
  if (!place) return refuse(std::move(accepted), place.error(), alert);
  Session::begin(std::move(accepted), std::move(*place), routes, shared_, thread_state_);
}

void Worker::refuse(net::Accepted accepted, const Error& error, int alert) {
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
