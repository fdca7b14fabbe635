// Connected stream sockets (TCP or Unix), deadlines, and the coroutine type of everything that waits.
//
// Everything here belongs to one executor and is not thread-safe.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"

namespace symbolon::net {

using Executor = boost::asio::any_io_executor;
using Socket = boost::asio::generic::stream_protocol::socket;  // nonblocking; TCP_NODELAY; an AsyncStream of Asio
using Deadline = std::chrono::steady_clock::time_point;
template <typename T>
using Task = boost::asio::awaitable<T>;

inline Deadline in(std::chrono::steady_clock::duration span) { return std::chrono::steady_clock::now() + span; }

// Cancels what waits on `socket` when the deadline passes, unless destroyed before. `socket` must outlive it.
class CancelAt {
 public:
  CancelAt(Socket& socket, Deadline deadline);
  CancelAt(const CancelAt&) = delete;
  CancelAt& operator=(const CancelAt&) = delete;
  ~CancelAt();
  bool passed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Takes over a connected descriptor (owned by the socket from here on, closed on failure too).
Result<Socket> adopt(const Executor& executor, int descriptor);

// "192.0.2.1:4711", "[2001:db8::1]:4711", "unix"; empty when it is not connected any more.
std::string peer_text(Socket& socket);

}  // namespace symbolon::net
