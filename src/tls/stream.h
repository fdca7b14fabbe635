// TLS over a nonblocking socket: an AsyncReadStream and AsyncWriteStream of Asio (so Beast takes it), and the bare
// attempts that the relay uses.
//
// Belongs to one executor. At most one reader and one writer wait at a time.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <span>

#include "net/drain.h"
#include "net/socket.h"
#include "net/turns.h"
#include "tls/context.h"
#include "tls/handshake.h"

namespace symbolon::tls {

// What one attempt to read or write came to.
struct Attempt {
  enum class State : std::uint8_t { done, want_read, want_write, end /* close_notify */, failed };
  State state = State::failed;
  std::size_t octets = 0;  // done
  // Of reading, done: all that had come has been read, as far as is known. Another attempt now would most likely find
  // nothing; a wait ends at once where there is more.
  bool drained = false;
  // failed: connection_reset, truncated (no close_notify came), alert_received, too_many_key_updates,
  // handshake_malformed or crypto_failed; and the same for Asio: connection_reset or connection_aborted.
  Code code = Code::internal;
  int alert = 0;  // alert_received: which
  boost::system::error_code error = {};
};

struct Connection;

class Stream {
 public:
  using executor_type = net::Executor;

  // A server's side; the handshake is yet to be done. Fails with crypto_failed.
  static Result<Stream> server(net::Socket socket, std::shared_ptr<const ServerRoutes> routes);
  // A client's side. `server_name` is sent (unless it is an address) and expected in the certificate; `alpn` are the
  // application protocols that are offered.
  static Result<Stream> client(net::Socket socket, std::shared_ptr<const ClientContext> context,
                               const std::string& server_name, const std::vector<std::string>& alpn = {});
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  // Does the handshake, with the judgement inside it. After a refusal the alert has been written; go on with close().
  // With `turns` each step of it waits for its turn.
  net::Task<Handshake<Peer>> handshake(net::Deadline deadline, net::Turns* turns = nullptr);

  // close_notify (after a finished handshake), then the draining close.
  net::Task<void> close(std::shared_ptr<net::DrainRoom> room);
  // At once: no close_notify, no draining.
  void abort();

  // -- the relay's view: one attempt, never waits
  Attempt try_read(std::span<std::uint8_t> into);
  Attempt try_write(std::span<const std::uint8_t> from);
  Attempt try_close_notify();  // done once it is in the socket's buffer: the write half is closed, reading goes on
  net::Socket& socket();
  // The alert (RFC 8446 §6.2) with which the peer ended the connection after the handshake. In TLS 1.3 a client learns
  // only so that its certificate was refused.
  std::optional<int> alert_received() const;

  // -- Asio's view
  executor_type get_executor();
  // Ends with eof on close_notify, connection_aborted when the connection ends without it.
  template <typename MutableBuffers, typename Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    const boost::asio::mutable_buffer first = first_of<boost::asio::mutable_buffer>(buffers);
    return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
        Operation<Reading>{*this, {{static_cast<std::uint8_t*>(first.data()), first.size()}}}, token, get_executor());
  }
  template <typename ConstBuffers, typename Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    const boost::asio::const_buffer first = first_of<boost::asio::const_buffer>(buffers);
    return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
        Operation<Writing>{*this, {{static_cast<const std::uint8_t*>(first.data()), first.size()}}}, token,
        get_executor());
  }

  SSL* native() const;  // borrowed; for tests

 private:
  explicit Stream(std::unique_ptr<Connection> connection);

  struct Reading {
    std::span<std::uint8_t> octets;
    Attempt attempt(Stream& stream) const { return stream.try_read(octets); }
  };
  struct Writing {
    std::span<const std::uint8_t> octets;
    Attempt attempt(Stream& stream) const { return stream.try_write(octets); }
  };
  // Attempts, waits for what the attempt wanted, attempts again. Completes through the executor, never inline.
  template <typename Kind>
  struct Operation {
    Stream& stream;
    Kind kind;
    bool waited = false;
    Attempt outcome = {};
    bool ready = false;

    template <typename Self>
    void operator()(Self& self, boost::system::error_code error = {}) {
      if (ready) return finish(self);
      if (error) return self.complete(error, 0);
      outcome = kind.octets.empty() ? Attempt{Attempt::State::done} : kind.attempt(stream);
      if (outcome.state == Attempt::State::want_read || outcome.state == Attempt::State::want_write) {
        waited = true;
        const auto what = outcome.state == Attempt::State::want_read ? boost::asio::socket_base::wait_read
                                                                     : boost::asio::socket_base::wait_write;
        return stream.socket().async_wait(what, std::move(self));
      }
      if (waited) return finish(self);
      ready = true;
      const auto executor = stream.get_executor();
      boost::asio::post(executor, std::move(self));
    }
    template <typename Self>
    void finish(Self& self) {
      if (outcome.state == Attempt::State::done) return self.complete({}, outcome.octets);
      if (outcome.state == Attempt::State::end) return self.complete(boost::asio::error::eof, 0);
      self.complete(outcome.error, 0);
    }
  };
  template <typename Buffer, typename Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers); ++at) {
      const Buffer buffer(*at);
      if (buffer.size() != 0) return buffer;
    }
    return {};
  }

  std::unique_ptr<Connection> connection_;
};

}  // namespace symbolon::tls
