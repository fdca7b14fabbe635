// One end of a relay: TLS or plain, with the same attempts. Private to this folder.
#pragma once

#include <variant>

#include "net/drain.h"
#include "net/socket.h"
#include "tls/stream.h"

namespace symbolon::gateway {

class RelayEnd {
 public:
  explicit RelayEnd(tls::Stream stream) : end_(std::move(stream)) {}
  explicit RelayEnd(net::Socket socket) : end_(std::move(socket)) {}

  bool is_tls() const { return std::holds_alternative<tls::Stream>(end_); }
  net::Socket& socket();

  // As tls::Stream has them. A plain end never wants to write in order to read; it fails with connection_reset.
  tls::Attempt try_read(std::span<std::uint8_t> into);
  tls::Attempt try_write(std::span<const std::uint8_t> from);
  // close_notify where it is TLS, then the half-close; reading goes on.
  tls::Attempt try_close_write();

  // In order: close_notify where it is TLS, then the draining close.
  net::Task<void> close(std::shared_ptr<net::DrainRoom> room);
  // So that the other side sees that what came was not all: without close_notify where it is TLS, else with a reset
  // behind what was written. (A plain Unix socket can only show an end.)
  net::Task<void> cut(std::shared_ptr<net::DrainRoom> room);
  // At once, without close_notify.
  void abort();

 private:
  std::variant<tls::Stream, net::Socket> end_;
};

}  // namespace symbolon::gateway
