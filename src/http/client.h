// An HTTP/1.1 client: one connection, one request after the other.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "base/file.h"
#include "http/byte_stream.h"
#include "http/message.h"
#include "http/wire.h"

namespace symbolon::http {

struct ClientLimits {
  MessageLimits message{.header_octets = 16 << 10, .body_octets = 64 << 20};
};

// On the executor it was made for.
class Client {
 public:
  Client(std::unique_ptr<ByteStream> stream, std::string host, ClientLimits limits);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // The response, whatever its status. Fails as the stream does, with bad_request (the answer is not HTTP), too_large,
  // truncated. After a failure, or when usable() is false, the connection is spent.
  boost::asio::awaitable<Result<Response>> call(Request request, Deadline deadline);
  bool usable() const;
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Fails with authority_unreachable-like codes: connection_refused, connection_timeout, network_unreachable,
// file_missing (no such socket), file_unreadable (no right to it).
boost::asio::awaitable<Result<std::unique_ptr<ByteStream>>> connect_unix(Path path, Deadline deadline);
// `address` is numeric. Names are resolved by the caller (net/).
boost::asio::awaitable<Result<std::unique_ptr<ByteStream>>> connect_tcp(std::string address, std::uint16_t port,
                                                                        Deadline deadline);

}  // namespace symbolon::http
