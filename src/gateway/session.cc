#include "gateway/session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/onward.h"
#include "gateway/out_of_memory.h"
#include "gateway/turn_away.h"
#include "net/proxy_wire.h"

namespace symbolon::gateway {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

void Session::begin(Arrival arrival, SharedState& shared, SessionThread& thread) {
  const net::Executor executor = arrival.accepted.socket.get_executor();
  net::Socket socket = std::move(arrival.accepted.socket);
  arrival.accepted.socket = net::Socket(executor);
  const std::shared_ptr<Session> self(new Session(std::move(arrival), shared, thread));
  auto body = [self, connected = std::make_shared<net::Socket>(std::move(socket))] {
    return self->run(std::move(*connected));
  };
  asio::co_spawn(executor, std::move(body), [self](const std::exception_ptr& fault) {
    if (fault) self->give_up_for_memory();
  });
}

Session::Session(Arrival arrival, SharedState& shared, SessionThread& thread)
    : shared_(shared),
      thread_(thread),
      served_(std::move(arrival.served)),
      routes_(served_->routes),
      place_(std::move(arrival.place)),
      address_(std::move(arrival.accepted.peer)),
      from_proxy_(arrival.from_proxy),
      id_(next_record_id()),
      tally_(thread.counts),
      timer_(arrival.accepted.socket.get_executor()),
      began_(Steady::now()),
      last_octets_(began_) {
  thread_.sessions.add(*this);
}

Session::~Session() {
  if (expiry_) thread_.expiries.remove(*expiry_);
  thread_.index.take_out(indexed_);
  thread_.sessions.remove(*this);
}

RecordHead Session::head() const {
  const std::string_view route = route_ ? std::string_view(route_->name) : std::string_view();
  return {shared_.clock->now(), id_, route, &address_, service_, forwarded_ ? &forwarded_->proxy : nullptr};
}

net::Task<void> Session::run(net::Socket socket) {
  auto client = co_await admit(std::move(socket));
  if (!client) co_return;
  if (ended_) {
    Error error = {reason_, words_};
    co_await give_up(std::move(*client), std::move(error));
    co_return;
  }
  auto service = co_await reach(client->socket());
  if (!service || ended_) {
    Error error = {reason_, words_};
    if (!ended_) error = std::move(service).error();
    co_await give_up(std::move(*client), std::move(error));
    co_return;
  }
  relay(std::move(*client), std::move(*service));
}

net::Task<std::optional<RelayEnd>> Session::admit(net::Socket socket) {
  const net::Deadline deadline = net::in(routes_->handshake_timeout);
  if (from_proxy_) {
    const bool learnt = co_await learn_source(socket, deadline);
    if (!learnt) co_return std::nullopt;
  }
  if (routes_->by_name) co_return co_await shake_hands(std::move(socket), deadline);
  co_return co_await speak_plain(std::move(socket));
}

net::Task<bool> Session::learn_source(net::Socket& socket, net::Deadline deadline) {
  handshaking_ = &socket;
  auto header = co_await net::receive_proxy_header(socket, deadline);
  handshaking_ = nullptr;
  if (!header) {
    Error error = std::move(header).error();
    if (ended_) error = {reason_, words_};
    write_refusal(error);
    co_await net::drain_and_close(std::move(socket), shared_.drain);
    co_return false;
  }
  if (header->addresses) {
    forwarded_ = std::make_unique<const Forwarded>(std::move(address_), std::move(header->addresses->destination));
    address_ = std::move(header->addresses->source);
  }
  const auto known = place_.of_source(source_key(address_.address), Steady::now());
  if (known) co_return true;
  const int alert = routes_->by_name ? row(known.error().code).tls_alert : 0;
  write_refusal(known.error(), alert);
  co_await turn_away(std::move(socket), alert, shared_.drain);
  co_return false;
}

Status Session::enter_route() {
  if (route_->limits) {
    auto place = route_->limits->enter(source_key(address_.address), Steady::now());
    if (!place && place.error().code == Code::connection_limit)
      return fail(Code::route_connection_limit, "{}", place.error().words);
    route_limits_ = route_->limits;
    place_on_route_ = TRY(std::move(place));
  }
  tally_.entered({.route = route_->name, .address = address_.address, .at = shared_.clock->now()},
                 peer_.admission.get());
  return {};
}

net::Task<std::optional<RelayEnd>> Session::speak_plain(net::Socket socket) {
  place_.established();
  route_ = routes_->all.front();
  routes_.reset();
  if (auto entered = enter_route(); !entered) {
    write_refusal(entered.error());
    co_await net::drain_and_close(std::move(socket), shared_.drain);
    co_return std::nullopt;
  }
  shared_.records->write(opened_record(head(), peer_));
  if (outdated_) judge_again();
  co_return RelayEnd(std::move(socket));
}

net::Task<std::optional<RelayEnd>> Session::shake_hands(net::Socket socket, net::Deadline deadline) {
  auto stream = tls::Stream::server(std::move(socket), routes_->by_name);
  if (!stream) {
    tally_.refused(stream.error().code, "");
    shared_.records->write(refused_record(head(), stream.error(), 0));
    co_return std::nullopt;
  }
  handshaking_ = &stream->socket();
  auto peer = co_await stream->handshake(deadline, &thread_.handshakes);
  handshaking_ = nullptr;
  place_.established();
  if (!peer) {
    tls::Refusal refusal = std::move(peer).error();
    co_await refuse(std::move(*stream), std::move(refusal));
    co_return std::nullopt;
  }
  peer_ = std::move(*peer);
  route_ = routes_->of(*peer_.route);
  routes_.reset();
  tally_.admitted(route_->name, peer_);
  if (auto entered = enter_route(); !entered) {
    write_refusal(entered.error());
    co_await stream->close(shared_.drain);
    co_return std::nullopt;
  }
  shared_.records->write(opened_record(head(), peer_));
  note_expiry();
  // In this order, so that none is missed: revocations from here on find it, those of before show in the generation.
  index();
  passed(AdmissionStep::client_indexed);
  if (outdated_ || is_behind(peer_.admission.get())) judge_again();
  passed(AdmissionStep::client_compared);
  co_return RelayEnd(std::move(*stream));
}

Result<Bytes> Session::say_onward(net::Socket& client) const {
  Onward onward{address_, forwarded_ ? forwarded_->destination : net::local_address(client.native_handle())};
  onward.id = id_;
  if (route_->context) {
    onward.peer = &peer_;
    onward.server = &route_->credential->leaf();
  }
  return onward_header(route_->onward, onward);
}

net::Task<Result<RelayEnd>> Session::reach(net::Socket& client) {
  auto header = say_onward(client);
  if (!header) co_return std::unexpected(std::move(header).error());
  const std::shared_ptr<const Route> route = route_;  // that of a reload is for the next connection
  outdated_ = false;
  dialer_.emplace(route->service, peer_.alpn, std::move(*header), shared_.drain);
  auto reached = co_await dialer_->reach();
  write_refused_servers();
  const std::string failures = dialer_->failures();
  dialer_.reset();
  if (!reached) co_return std::unexpected(std::move(reached).error());
  service_ = std::move(reached->address);
  if (reached->peer) tally_.reached(*reached->peer);
  if (reached->peer) server_ = std::make_unique<Server>(reached->peer->admission, std::move(reached->host));
  note_expiry();
  if (server_) {
    index();  // as for the client
    passed(AdmissionStep::server_indexed);
    if (outdated_ || is_behind(server_->admission.get())) judge_server_again();
    passed(AdmissionStep::server_compared);
  }
  if (reached->peer || !failures.empty()) shared_.records->write(reached_record(head(), reached->peer, failures));
  co_return std::move(reached->end);
}

// Whoever reaches a plain listener can cause such records: they are bounded for each server.
void Session::write_refused_servers() {
  for (const auto& [address, refusal] : dialer_->refused()) {
    tally_.refused_service(refusal);
    const auto answer = shared_.source_limit.ask(service_key(address), Steady::now());
    RecordHead heading = head();
    heading.service = address;
    if (answer.write) shared_.records->write(refused_record(heading, refusal, answer.suppressed));
  }
}

void Session::relay(RelayEnd client, RelayEnd service) {
  relay_.emplace(std::move(client), std::move(service));
  last_octets_ = Steady::now();
  watch_idleness();
  running_ = 2;
  const net::Executor executor = timer_.get_executor();
  auto up = [self = shared_from_this()] { return self->pump(&Relay::upward); };
  auto down = [self = shared_from_this()] { return self->pump(&Relay::downward); };
  const auto ended = [self = shared_from_this()](const std::exception_ptr& fault) {
    if (!fault) return;
    self->give_up_for_memory();
    --self->running_;
  };
  asio::co_spawn(executor, std::move(up), ended);
  asio::co_spawn(executor, std::move(down), ended);
}

// Both sides see a break: nothing that is cut off looks whole.
void Session::give_up_for_memory() noexcept {
  say_memory_is_used_up();
  handshaking_ = nullptr;  // it stood in what fell
  try {
    const bool told = std::exchange(ended_, true);
    if (dialer_) dialer_->cancel();
    timer_.cancel();
    if (relay_) {
      relay_->client().abort();
      relay_->service().abort();
    }
    if (told) return;
    reason_ = Code::out_of_memory;
    if (relay_) {
      write_closing(relay_->received(), relay_->sent());
    } else {
      write_refusal({Code::out_of_memory, "before it was admitted"});
    }
  } catch (...) {  // NOLINT: the record needs some, too
  }
}

void Session::write_refusal(const Error& error, int alert_sent) {
  tally_.refused(error.code, route_ ? route_->name : "");
  const auto answer = shared_.source_limit.ask(address_.address, Steady::now());
  if (answer.write) shared_.records->write(refused_record(head(), error, answer.suppressed, alert_sent));
}

net::Task<void> Session::refuse(tls::Stream stream, tls::Refusal refusal) {
  if (ended_) {
    refusal.code = reason_;
    refusal.words = words_;
  }
  tally_.refused(refusal);
  RecordHead heading = head();
  heading.route = refusal.route;
  // Possession of a key is never proven by a handshake that failed before its end: anybody can cause such records.
  const auto answer = shared_.source_limit.ask(address_.address, Steady::now());
  if (answer.write) shared_.records->write(refused_record(heading, refusal, answer.suppressed));
  ended_ = true;
  co_await stream.close(shared_.drain);
}

net::Task<void> Session::give_up(RelayEnd client, Error error) {
  reason_ = error.code;
  words_ = std::move(error.words);
  write_closing(0, 0);
  co_await client.close(shared_.drain);
}

net::Task<void> Session::pump(Next (Relay::*step)()) {
  boost::system::error_code error;
  while (!ended_) {
    const std::uint64_t before = relay_->received() + relay_->sent();
    const Next next = ((*relay_).*step)();
    if (relay_->received() + relay_->sent() != before) {
      last_octets_ = Steady::now();
      tally_.moved(relay_->received(), relay_->sent());
    }
    if (next == Next::finished) break;
    if (next == Next::failed) {
      end(relay_->failure().code, relay_->failure().words);
      break;
    }
    if (next == Next::turn) {
      co_await asio::post(timer_.get_executor(), asio::use_awaitable);
      continue;
    }
    const bool of_client = next == Next::client_readable || next == Next::client_writable;
    const bool readable = next == Next::client_readable || next == Next::service_readable;
    net::Socket& socket = (of_client ? relay_->client() : relay_->service()).socket();
    co_await socket.async_wait(readable ? net::Socket::wait_read : net::Socket::wait_write,
                               asio::redirect_error(asio::use_awaitable, error));
    if (error && !ended_) end(Code::internal, error.message());
  }
  if (--running_ == 0) co_await close();
}

net::Task<void> Session::close() {
  if (reason_ == Code::out_of_memory) co_return;  // done where it was found
  timer_.cancel();
  write_closing(relay_->received(), relay_->sent());
  // What broke off must not look whole on the other side.
  if (relay_->upward_ended()) {
    relay_->service().abort();
  } else {
    auto cut = [self = shared_from_this()] { return self->relay_->service().cut(self->shared_.drain); };
    asio::co_spawn(timer_.get_executor(), std::move(cut), asio::detached);
  }
  if (reason_ == Code::connection_reset) {
    relay_->client().abort();
  } else if (relay_->downward_ended()) {
    co_await relay_->client().close(shared_.drain);
  } else {
    co_await relay_->client().cut(shared_.drain);
  }
}

void Session::write_closing(std::uint64_t received, std::uint64_t sent) {
  tally_.closed(reason_);
  Closing closing;
  closing.received = received;
  closing.sent = sent;
  closing.milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - began_).count();
  closing.reason = reason_;
  closing.words = words_;
  shared_.records->write(closed_record(head(), peer_, closing));
}

void Session::end(Code reason, std::string words) {
  if (ended_) return;
  ended_ = true;
  reason_ = reason;
  words_ = std::move(words);
  boost::system::error_code ignored;
  if (handshaking_ != nullptr) handshaking_->cancel(ignored);
  if (dialer_) dialer_->cancel();
  if (!relay_) return;
  relay_->client().socket().cancel(ignored);
  relay_->service().socket().cancel(ignored);
}

void Session::watch_idleness() {
  timer_.expires_at(last_octets_ + route_->idle_timeout);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->ended_) return;
    if (Steady::now() - self->last_octets_ < self->route_->idle_timeout) return self->watch_idleness();
    self->end(Code::connection_idle, fmt::format("nothing for {} s", self->route_->idle_timeout.count()));
  });
}

void SessionList::add(Session& session) {
  session.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &session;
  first_ = &session;
}

void SessionList::remove(Session& session) {
  (session.previous_ != nullptr ? session.previous_->next_ : first_) = session.next_;
  if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
  if (walk_ == &session) walk_ = session.next_;
}

Session* SessionList::next() {
  Session* const session = walk_;
  if (session != nullptr) walk_ = session->next_;
  return session;
}

void SessionList::end_all(Code reason, const std::string& words) {
  for (Session* session = first_; session != nullptr; session = session->next_) session->end(reason, words);
}

}  // namespace symbolon::gateway
