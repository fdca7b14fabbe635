// A connection's octets, whatever carries them; each wait has a deadline.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"

namespace symbolon::http {

using Deadline = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

inline Deadline after(Milliseconds span) { return std::chrono::steady_clock::now() + span; }

// One reader and one writer at a time, on the executor it was made for.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // At least one octet, or 0 at the orderly end. Fails with connection_timeout at the deadline, connection_reset,
  // cancelled (close() was called), truncated (TLS without close_notify).
  virtual boost::asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer, Deadline deadline) = 0;
  // All of it, or a failure as above.
  virtual boost::asio::awaitable<Status> write(ByteView octets, Deadline deadline) = 0;
  // Says goodbye (shutdown, close_notify), waits for nobody longer than the deadline, and closes.
  virtual boost::asio::awaitable<void> finish(Deadline deadline) = 0;
  // At once; pending waits end with `cancelled`.
  virtual void close() = 0;
};

// A connected stream socket: Unix or TCP, or one end of a socket pair. Owns the descriptor (closes it on failure too).
Result<std::unique_ptr<ByteStream>> make_socket_stream(boost::asio::any_io_executor executor, int descriptor);

}  // namespace symbolon::http
