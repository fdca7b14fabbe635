// The authority's HTTP API (docs/api.md): rights, endpoints, answers.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "api/rejection.h"
#include "authority/operations.h"
#include "http/server.h"

namespace symbolon::authority {

// Whether any certificate of this authority may ask for the refusals of itself.
enum class OwnRecords : std::uint8_t { for_roles, for_holders };

struct ApiOptions {
  http::ServerOptions http = {};
  std::size_t threads = 64;                    // that wait for commits: issuances that may share one
  std::size_t waiting = 1024;                  // calls that run or wait; further ones are refused with `overloaded`
  api::Roles local_roles = api::Roles::all();  // of root and our own user, over a Unix socket or a socket pair
  api::LookUpRejections look_up = {};          // what gateway and API have recorded; empty: nothing
  OwnRecords own_records = OwnRecords::for_roles;
};

// Each call is checked (api_rights.h), then run on a pool of threads; refusals are recorded. Thread-safe.
class ApiServer {
 public:
  // `operations` must outlive the server. Destroyed after `context` has ended its run.
  ApiServer(boost::asio::io_context& context, Operations& operations, ApiOptions options = {});
  ~ApiServer();

  // To listen, to serve one end of a socket pair.
  http::Server& http();
  // As http::Server::stop, and gateways that wait for news are answered.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::authority
