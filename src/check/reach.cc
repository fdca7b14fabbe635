#include "check/reach.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "check/greeting.h"
#include "check/starttls_machine.h"
#include "net/dial.h"
#include "net/proxy_wire.h"
#include "tls/probe.h"

namespace symbolon::check {
namespace {

namespace asio = boost::asio;
using net::Endpoint;

// What a second look, whether TLS is spoken at once, may take of each step.
constexpr std::chrono::milliseconds kSecondLook{3'000};

struct Walk {
  const Endpoint& to;
  const Way& way;
  const std::string& server_name;
  WaySeen& seen;
  net::Socket socket;
  bool heard_nothing = false;  // though STARTTLS was begun
};

// RFC 5321 §4.1.4: a client without a name gives its address, as in §4.1.3.
std::string client_name(int descriptor) {
  const std::string address = net::local_address(descriptor).address;
  if (address.empty() || address == "unix") return "localhost";
  return fmt::format("[{}{}]", address.find(':') == std::string::npos ? "" : "IPv6:", address);
}

std::string proxy_text(const net::TunnelProxy& proxy) {
  return (proxy.kind == net::TunnelProxy::Kind::socks5 ? "socks5://" : "http://") + proxy.at.text();
}

// -- the PROXY protocol

net::PeerAddress peer_address(int descriptor) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return net::PeerAddress::from(address);
}

// Our own addresses, as if this machine were the proxy; without any on a Unix socket.
net::ProxyHeader header_for(const Walk& walk, int descriptor) {
  net::ProxyHeader header;
  const net::PeerAddress source = net::local_address(descriptor);
  net::PeerAddress destination = peer_address(descriptor);
  if (walk.way.proxy && walk.to.kind == Endpoint::Kind::address) destination = {walk.to.host, walk.to.port};
  if (source.port != 0 && destination.port != 0) header.addresses = net::ProxyAddresses{source, destination};
  return header;
}

net::Task<Status> send_header(Walk& walk, net::Deadline deadline) {
  const net::ProxyHeader header = header_for(walk, walk.socket.native_handle());
  const bool binary = walk.way.proxy_protocol == ProxyProtocol::v2;
  CO_TRY(const Bytes octets, binary ? net::encode_proxy_header(header) : net::encode_proxy_line(header));
  co_return co_await net::send_proxy_header(walk.socket, octets, deadline);
}

// -- STARTTLS

Error interrupted(const StartTlsDialogue& dialogue, const net::CancelAt& cancel, boost::system::error_code error) {
  if (!cancel.passed()) {
    return dialogue.ended(error == asio::error::eof ? "the server closed the connection"
                                                    : "the connection broke (" + error.message() + ")");
  }
  Error out = dialogue.ended("nothing more came in time");
  out.code = Code::connection_timeout;
  return out;
}

net::Task<Status> talk(net::Socket& socket, StartTlsDialogue& dialogue, net::Deadline deadline) {
  const net::CancelAt cancel(socket, deadline);
  std::array<std::uint8_t, 4096> piece{};
  boost::system::error_code error;
  while (true) {
    const std::string output = dialogue.take_output();
    co_await asio::async_write(socket, asio::buffer(output), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(interrupted(dialogue, cancel, error));
    if (dialogue.ready()) co_return Status();
    const std::size_t got =
        co_await socket.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return std::unexpected(interrupted(dialogue, cancel, error));
    CO_TRY_DONE(dialogue.take(ByteView(piece).first(got)));
  }
}

// What came already, where only our ClientHello may come next.
Status nothing_follows(net::Socket& socket, StartTlsDialogue& dialogue) {
  std::array<std::uint8_t, 512> piece{};
  const ssize_t got = ::recv(socket.native_handle(), piece.data(), piece.size(), MSG_PEEK | MSG_DONTWAIT);
  return got > 0 ? dialogue.take(ByteView(piece).first(static_cast<std::size_t>(got))) : Status();
}

net::Task<Status> change_to_tls(Walk& walk, net::Deadline deadline) {
  const StartTlsNames names{walk.server_name, client_name(walk.socket.native_handle())};
  StartTlsDialogue dialogue(*walk.way.starttls, names);
  Status done = co_await talk(walk.socket, dialogue, deadline);
  if (done) done = nothing_follows(walk.socket, dialogue);
  walk.seen.dialogue = dialogue.said();
  walk.heard_nothing = dialogue.heard_nothing();
  co_return done;
}

// -- all of it

net::Task<Status> go(Walk& walk) {
  const Way& way = walk.way;
  const Endpoint first = way.proxy ? way.proxy->at : walk.to;
  auto dialled = co_await net::dial(first, net::in(way.connect));
  if (!dialled) {
    Error error = std::move(dialled).error();
    if (way.proxy) error.words = "the proxy: " + error.words;
    co_return std::unexpected(std::move(error));
  }
  walk.socket = *std::move(dialled);
  const net::Deadline deadline = net::in(way.dialogue);
  if (way.proxy) {
    walk.seen.stage = Stage::proxy;
    CO_TRY_DONE(co_await net::open_tunnel(walk.socket, way.proxy, walk.to, deadline));
  }
  if (way.proxy_protocol != ProxyProtocol::none) {
    walk.seen.stage = Stage::proxy_header;
    CO_TRY_DONE(co_await send_header(walk, deadline));
  }
  if (way.starttls) {
    walk.seen.stage = Stage::starttls;
    CO_TRY_DONE(co_await change_to_tls(walk, deadline));
  }
  walk.seen.stage = Stage::reached;
  co_return Status();
}

net::Task<void> go_into(Status& out, Walk& walk) { out = co_await go(walk); }

// Whoever is silent may wait for a ClientHello.
std::optional<Error> look_again(const Endpoint& to, const Way& way, const std::string& server_name) {
  Way direct = way;
  direct.starttls.reset();
  direct.connect = std::min(way.connect, kSecondLook);
  direct.dialogue = std::min(way.dialogue, kSecondLook);
  const Reached again = reach(to, direct, server_name);
  if (!again.socket) return {};
  tls::ProbeOptions options;
  options.server_name = server_name;
  options.handshake = std::min(way.dialogue, kSecondLook);
  options.linger = std::chrono::milliseconds(0);
  const tls::Transcript seen = tls::probe(again.socket->get(), options);
  const std::string_view came = as_text(seen.first_octets);
  if (begins_like_tls(came))
    return Error{Code::tls_at_once,
                 fmt::format("nothing of {} came, and a ClientHello on a second connection was answered with TLS",
                             name(*way.starttls))};
  const auto speaker = recognize(came);
  const bool expected = speaker && speaker->starttls == way.starttls;  // slow, that is all
  if (came.empty() || expected) return {};
  return other_protocol(name(*way.starttls), came).error();
}

}  // namespace

ConnectedSocket::~ConnectedSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Reached reach(const Endpoint& endpoint, const Way& way, const std::string& server_name) {
  Reached out{.socket = fail(Code::internal, "not dialled")};
  out.seen.proxy = way.proxy ? proxy_text(*way.proxy) : "";
  out.seen.proxy_protocol = way.proxy_protocol;
  out.seen.starttls = way.starttls;
  asio::io_context context(1);
  Walk walk{endpoint, way, server_name, out.seen, net::Socket(context)};
  Status done = fail(Code::internal, "not dialled");
  asio::co_spawn(context, go_into(done, walk), asio::detached);
  context.run();

  if (walk.socket.is_open() && !way.proxy) out.address = net::peer_text(walk.socket);
  if (!done) {
    out.socket = std::unexpected(std::move(done).error());
    if (walk.heard_nothing) {
      walk.socket = net::Socket(context);  // some servers have ears for one at a time
      if (auto instead = look_again(endpoint, way, server_name)) out.socket = std::unexpected(*std::move(instead));
    }
    return out;
  }
  boost::system::error_code error;
  const int descriptor = walk.socket.release(error);
  if (error) {
    out.socket = fail(Code::system_error, "{}", error.message());
  } else {
    out.socket = ConnectedSocket(descriptor);
  }
  return out;
}

}  // namespace symbolon::check
