// The authority's HTTP API (docs/api.md): rights, endpoints, answers.
#pragma once

#include <sys/types.h>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "authority/operations.h"
#include "http/server.h"

namespace symbolon::authority {

struct ApiOptions {
  http::ServerOptions http;
  std::size_t threads = 64;    // that wait for commits: issuances that may share one
  std::size_t waiting = 1024;  // calls that run or wait; further ones are refused with `overloaded`
};

// Rights of this release: over a Unix socket or socket pair, root and the user of this process may do everything; over
// mutual TLS, a certificate of profile `admin` that was issued here and is not revoked may; everybody else is refused
// with `forbidden`, which is recorded.
class ApiServer {
 public:
  // `operations` must outlive the server.
  ApiServer(boost::asio::io_context& context, Operations& operations, ApiOptions options = {});
  ~ApiServer();

  // listen_unix, listen_tcp (refuses everybody: for tests), serve, stop: as http::Server.
  http::Server& http();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::authority
