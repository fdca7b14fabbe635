#include "http/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "http/server_state.h"

namespace symbolon::http {

namespace asio = boost::asio;

namespace {

constexpr auto kPauseWithoutMemory = std::chrono::milliseconds(1);  // of the whole thread: a timer would need some

net::Task<std::optional<Server::Impl::Opened>> open_plain(net::Socket socket, Caller caller) {
  Server::Impl::Opened opened{make_stream(std::move(socket)), std::move(caller)};
  co_return std::optional<Server::Impl::Opened>(std::move(opened));
}

// Whom a connection counts for: an IPv6 network is one subscriber's.
std::string source_of(const Caller& caller) {
  if (caller.transport != Transport::tcp && caller.transport != Transport::tls) return {};
  const std::string& address = caller.source.address;
  in6_addr octets{};
  if (::inet_pton(AF_INET6, address.c_str(), &octets) != 1) return address;
  return to_hex(ByteView(octets.s6_addr).first(8));
}

Caller unix_caller(Transport transport, int descriptor) {
  Caller caller{.transport = transport, .address = "unix", .peer = unix_peer(descriptor)};
  if (caller.peer) caller.address = fmt::format("unix: uid {}, pid {}", caller.peer->user, caller.peer->process);
  return caller;
}

}  // namespace

std::optional<UnixPeer> unix_peer(int descriptor) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return UnixPeer{.user = credentials.uid, .group = credentials.gid, .process = credentials.pid};
}

Server::Impl::Impl(asio::io_context& context_, ConnectionTerms terms_)
    : context(context_), terms(std::make_shared<const ConnectionTerms>(std::move(terms_))) {}

Result<net::Endpoint> Server::Impl::listen(const net::Endpoint& endpoint, Open open) {
  auto sockets = TRY(net::listen(endpoint, net::ListenOptions{}));
  const net::Executor executor = asio::make_strand(context);
  auto listener = std::make_shared<net::Listener>(executor, std::move(sockets.front()));
  net::Endpoint local = listener->local();
  const std::lock_guard lock(mutex);
  if (stopping) return fail(Code::cancelled, "the server is stopping");
  listening.push_back({executor, listener});
  asio::co_spawn(executor, accept(std::move(listener), std::move(open)), asio::detached);
  return local;
}

net::Task<void> Server::Impl::accept(std::shared_ptr<net::Listener> listener, Open open) {
  const auto self = shared_from_this();
  const bool is_unix = listener->local().kind == net::Endpoint::Kind::unix_path;
  while (true) {
    try {
      auto accepted = co_await listener->accept();
      if (!accepted) {
        if (accepted.error().code == Code::out_of_descriptors) continue;
        break;
      }
      Caller caller{
          .transport = Transport::tcp, .address = accepted->peer.text(), .peer = {}, .source = accepted->peer};
      if (is_unix) caller = unix_caller(Transport::unix_socket, accepted->socket.native_handle());
      start(accepted->socket.release(), std::move(caller), open);
    } catch (const std::bad_alloc&) {  // costs this connection, not the door
      std::this_thread::sleep_for(kPauseWithoutMemory);
    }
  }
}

void Server::Impl::start(int descriptor, Caller caller, Open open) {
  const net::Executor executor = asio::make_strand(context);
  asio::co_spawn(executor, run(executor, descriptor, std::move(caller), std::move(open)), asio::detached);
}

net::Task<void> Server::Impl::run(net::Executor executor, int descriptor, Caller caller, Open open) {
  const auto self = shared_from_this();
  auto socket = net::adopt(executor, descriptor);
  if (!socket) co_return;
  const std::string source = source_of(caller);
  const bool admitted = admit(source);
  if (open_connections.fetch_add(1) < terms->options.connections && admitted) {
    auto opened = co_await open(*std::move(socket), std::move(caller));
    if (opened) {
      auto connection = std::make_shared<Connection>(std::move(opened->stream), std::move(opened->caller), terms);
      bool refused = false;
      {
        const std::lock_guard lock(mutex);
        refused = stopping;
        live.emplace(connection.get(), Live{executor, connection});
      }
      if (refused) connection->stop();
      co_await connection->run();
      const std::lock_guard lock(mutex);
      live.erase(connection.get());
    }
  }
  open_connections.fetch_sub(1);
  if (admitted) dismiss(source);
}

bool Server::Impl::admit(const std::string& source) {
  const std::size_t most = terms->options.connections_per_source;
  if (most == 0 || source.empty()) return true;
  const std::lock_guard lock(mutex);
  std::size_t& open = open_of_source[source];
  if (open >= most) return false;
  ++open;
  return true;
}

void Server::Impl::dismiss(const std::string& source) {
  const std::lock_guard lock(mutex);
  const auto found = open_of_source.find(source);
  if (found != open_of_source.end() && --found->second == 0) open_of_source.erase(found);
}

void Server::Impl::stop() {
  const std::lock_guard lock(mutex);
  stopping = true;
  for (auto& [executor, listener] : listening) {
    asio::post(executor, [listener] { listener->close(); });
  }
  listening.clear();
  for (auto& [key, connection] : live) {
    asio::post(connection.executor, [stopped = connection.connection] { stopped->stop(); });
  }
}

Server::Server(asio::io_context& context, Handler handler, ServerOptions options) {
  auto room = std::make_shared<net::DrainRoom>(net::DrainLimits{});
  impl_ = std::make_shared<Impl>(context, ConnectionTerms{std::move(handler), std::move(options), std::move(room)});
}

Server::~Server() { stop(); }

Result<net::Endpoint> Server::listen(const net::Endpoint& endpoint) { return impl_->listen(endpoint, open_plain); }

Status Server::serve(int descriptor) {
  impl_->start(descriptor, unix_caller(Transport::socket_pair, descriptor), open_plain);
  return {};
}

void Server::stop() { impl_->stop(); }

std::size_t Server::connections() const { return impl_->open_connections.load(); }

}  // namespace symbolon::http
