#include "gateway/service_dialer.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/proxy_wire.h"

namespace symbolon::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kLongestFailures = 2000;  // characters in a record

// What a failure to connect is to those who look at a route.
Code code_of(Code code) {
  switch (code) {
    case Code::connection_timeout: return Code::backend_timeout;
    case Code::connection_refused:
    case Code::connection_reset:
    case Code::network_unreachable:
    case Code::name_not_found:
    case Code::system_error: return Code::backend_unreachable;
    default: return code;
  }
}

// The higher, the more it says.
int weight_of(Code code) {
  switch (code) {
    case Code::backend_timeout: return 0;
    case Code::backend_unreachable: return 1;
    case Code::proxy_refused: return 2;
    case Code::proxy_malformed: return 3;
    case Code::proxy_authentication: return 4;
    default: return 5;
  }
}

// What this process lacks says nothing of the address.
bool is_ours(Code code) {
  switch (code) {
    case Code::cancelled:
    case Code::overloaded:
    case Code::out_of_descriptors:
    case Code::out_of_memory: return true;
    default: return false;
  }
}

// The alert must still arrive, while the next address is tried.
net::Task<void> close_in_background(std::shared_ptr<tls::Stream> stream, std::shared_ptr<net::DrainRoom> room) {
  co_await stream->close(std::move(room));
}

}  // namespace

std::vector<net::Endpoint> AvoidedAddresses::order(const std::vector<net::Endpoint>& all, Moment now) const {
  std::vector<net::Endpoint> out = all;
  if (until_.empty()) return out;
  std::ranges::stable_partition(out, [&](const net::Endpoint& one) {
    const auto found = until_.find(one.text());
    return found == until_.end() || found->second <= now;
  });
  return out;
}

ServiceDialer::ServiceDialer(const ServiceTarget& target, std::string client_alpn, Bytes header,
                             std::shared_ptr<net::DrainRoom> drain)
    : target_(target), client_alpn_(std::move(client_alpn)), header_(std::move(header)), drain_(std::move(drain)) {}

net::Task<Result<ReachedService>> ServiceDialer::reach() {
  const net::Deadline deadline = net::in(target_.timeout);
  const auto endpoints = target_.avoided->order(target_.to, std::chrono::steady_clock::now());
  const auto executor = co_await asio::this_coro::executor;
  timer_ = std::make_unique<asio::steady_timer>(executor);
  for (std::size_t i = 0; i < endpoints.size() && !cancelled_; ++i) {
    blame_.reset();
    auto reached = co_await try_endpoint(endpoints[i], net::share_of(deadline, endpoints.size() - i));
    if (!reached && !cancelled_ && blame_ == Blame::address) {
      target_.avoided->failed(endpoints[i], std::chrono::steady_clock::now());
    }
    if (!reached) continue;
    target_.avoided->worked(endpoints[i]);
    co_return std::move(*reached);
  }
  if (cancelled_) co_return fail(Code::cancelled, "it was given up");
  co_return fail(code_.value_or(Code::backend_unreachable), "{}", failures_);
}

void ServiceDialer::cancel() {
  cancelled_ = true;
  boost::system::error_code ignored;
  if (waiting_ != nullptr) waiting_->cancel(ignored);
  if (timer_) timer_->cancel();
}

// A proxy resolves the name of the service itself: the addresses are the proxy's then.
net::Task<std::optional<ReachedService>> ServiceDialer::try_endpoint(net::Endpoint endpoint, net::Deadline deadline) {
  const net::Endpoint first_hop = target_.via ? target_.via->at : endpoint;
  auto addresses = co_await net::resolve(first_hop, *target_.resolver, *timer_, deadline);
  if (!addresses) {
    const bool ours = is_ours(addresses.error().code);
    failed(first_hop.text(), addresses.error(), ours ? Blame::other : Blame::address);
    co_return std::nullopt;
  }
  for (std::size_t i = 0; i < addresses->size() && !cancelled_; ++i) {
    Attempt attempt{.endpoint = endpoint, .address = (*addresses)[i], .text = endpoint.text(), .deadline = {}};
    if (target_.via) {
      attempt.text += " via " + target_.via->at.text();
    } else if (endpoint.kind == net::Endpoint::Kind::name) {
      attempt.text += " at " + net::text(attempt.address);
    }
    attempt.deadline = net::share_of(deadline, addresses->size() - i);
    auto reached = co_await try_address(std::move(attempt));
    if (reached) co_return reached;
  }
  co_return std::nullopt;
}

net::Task<std::optional<ReachedService>> ServiceDialer::try_address(Attempt attempt) {
  const auto executor = co_await asio::this_coro::executor;
  net::Socket socket(executor);
  waiting_ = &socket;
  Status connected = co_await net::connect(socket, attempt.address, *timer_, attempt.deadline);
  if (connected && target_.via)
    connected = co_await net::open_tunnel(socket, target_.via, attempt.endpoint, attempt.deadline);
  if (connected && !header_.empty()) connected = co_await net::send_proxy_header(socket, header_, attempt.deadline);
  waiting_ = nullptr;
  if (!connected) {
    failed(attempt.text, connected.error(), is_ours(connected.error().code) ? Blame::other : Blame::address);
    co_return std::nullopt;
  }
  if (target_.tls) co_return co_await speak_tls(std::move(socket), std::move(attempt));
  ReachedService plain{RelayEnd(std::move(socket)), std::move(attempt.text), std::nullopt};
  co_return std::move(plain);
}

net::Task<std::optional<ReachedService>> ServiceDialer::speak_tls(net::Socket socket, Attempt attempt) {
  const std::string& name = target_.server_name.empty() ? attempt.endpoint.host : target_.server_name;
  std::vector<std::string> alpn = target_.alpn;
  if (alpn.empty() && !client_alpn_.empty()) alpn.push_back(client_alpn_);
  auto stream = tls::Stream::client(std::move(socket), target_.tls, name, alpn);
  if (!stream) {
    failed(attempt.text, stream.error(), Blame::other);
    co_return std::nullopt;
  }
  waiting_ = &stream->socket();
  auto peer = co_await stream->handshake(attempt.deadline);
  waiting_ = nullptr;
  if (peer) peer = check_alpn(std::move(*peer));
  if (peer) {
    ReachedService served{RelayEnd(std::move(*stream)), std::move(attempt.text), std::move(*peer),
                          attempt.endpoint.host};
    co_return std::move(served);
  }
  const auto executor = co_await asio::this_coro::executor;
  refuse(std::move(*stream), attempt.text, std::move(peer).error(), executor);
  co_return std::nullopt;
}

tls::Handshake<tls::Peer> ServiceDialer::check_alpn(tls::Peer peer) const {
  if (!target_.alpn.empty() || peer.alpn == client_alpn_) return peer;
  tls::Refusal refusal;
  refusal.code = Code::no_application_protocol;
  refusal.words = fmt::format("the client speaks '{}', the service {}", client_alpn_,
                              peer.alpn.empty() ? "agreed on nothing" : fmt::format("'{}'", peer.alpn));
  if (peer.admission) refusal.possession = tls::Possession::proven;
  return std::unexpected(std::move(refusal));
}

// The certificate and its silence are the server's own. For the rest the client may be the reason: its protocol was
// offered, its header came before.
ServiceDialer::Blame ServiceDialer::blame_of(const tls::Refusal& refusal) const {
  if (refusal.rejection || refusal.code == Code::handshake_timeout) return Blame::address;
  return client_alpn_.empty() && header_.empty() ? Blame::address : Blame::other;
}

void ServiceDialer::refuse(tls::Stream stream, const std::string& address, tls::Refusal refusal,
                           const net::Executor& executor) {
  failed(address, refusal.error(), blame_of(refusal));
  refused_.push_back({address, std::move(refusal)});
  auto closing = std::make_shared<tls::Stream>(std::move(stream));
  auto body = [closing, room = drain_] { return close_in_background(closing, room); };
  asio::co_spawn(executor, std::move(body), asio::detached);
}

void ServiceDialer::failed(const std::string& address, const Error& error, Blame blame) {
  if (blame_ != Blame::other) blame_ = blame;
  const Code code = code_of(error.code);
  if (!code_ || weight_of(code) >= weight_of(*code_)) code_ = code;
  if (failures_.size() > kLongestFailures) return;
  failures_ += fmt::format("{}{}: {}", failures_.empty() ? "" : "; ", address,
                           error.words.empty() ? row(error.code).sentence : std::string_view(error.words));
}

}  // namespace symbolon::gateway
