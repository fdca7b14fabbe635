// An HTTP/1.1 client: one connection, one request after the other.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/byte_stream.h"
#include "http/message.h"
#include "http/wire.h"
#include "net/endpoint.h"

namespace symbolon::http {

struct ClientLimits {
  MessageLimits message{.header_octets = 16 << 10, .body_octets = 64 << 20};
};

// The body as far as it has come, while more is awaited.
using OnBody = std::function<void(std::string_view so_far)>;

// A piece of the body, in order, none twice; nothing of it is kept. Where it fails the call fails likewise.
using TakeBody = std::function<Status(int status, std::string_view piece)>;

// On the executor of its stream.
class Client {
 public:
  // `host` is what stands in the Host field.
  Client(std::unique_ptr<ByteStream> stream, std::string host, ClientLimits limits = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // The response, whatever its status. Fails as the stream does, with bad_request (the answer is not HTTP), too_large
  // or truncated. After a failure, or when usable() is false, the connection is spent.
  net::Task<Result<Response>> call(Request request, net::Deadline deadline, OnBody on_body = {});
  // The same without the body, which goes to `take` as it comes: for what may be large.
  net::Task<Result<Response>> call_in_pieces(Request request, net::Deadline deadline, TakeBody take);
  bool usable() const;
  // Usable, and the server has neither closed it nor said anything since the last answer.
  bool quiet() const;
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Plain. Fails as net::dial.
net::Task<Result<std::unique_ptr<ByteStream>>> connect(net::Endpoint endpoint, net::Deadline deadline);
// Mutual TLS; `server_name` is expected in the server's certificate. Fails as net::dial, or with the refusal's code.
struct TlsTarget {
  net::Endpoint endpoint;
  std::string server_name;
  std::shared_ptr<const tls::ClientContext> context;
};
net::Task<Result<std::unique_ptr<ByteStream>>> connect_tls(TlsTarget target, net::Deadline deadline);

}  // namespace symbolon::http
