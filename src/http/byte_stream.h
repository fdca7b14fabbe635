// A connection's octets, whatever carries them; each wait has a deadline.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "net/drain.h"
#include "net/socket.h"
#include "tls/stream.h"

namespace symbolon::http {

// One operation at a time, on the executor it was made for.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // At least one octet, or 0 at the orderly end. Fails with connection_timeout at the deadline, connection_reset,
  // cancelled (close() was called), truncated (TLS without close_notify), or what the system says.
  virtual net::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer, net::Deadline deadline) = 0;
  // All of it, or a failure as above. `octets` must live until then.
  virtual net::Task<Status> write(ByteView octets, net::Deadline deadline) = 0;
  // The draining close: says goodbye, discards what still comes within the room's limits, closes.
  virtual net::Task<void> finish(std::shared_ptr<net::DrainRoom> room) = 0;
  // Nothing has come that waits to be read, neither octets nor the end. Does not wait.
  virtual bool quiet() = 0;
  // At once; a pending wait ends with cancelled.
  virtual void close() = 0;
};

std::unique_ptr<ByteStream> make_stream(net::Socket socket);
// After its handshake.
std::unique_ptr<ByteStream> make_stream(tls::Stream stream);

}  // namespace symbolon::http
