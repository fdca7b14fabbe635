// Serves what operators look at, in a thread of its own.
//
//   GET /metrics            Prometheus' text format
//   GET /healthz            200 ok, or 503 with the threads that do not answer: restart it
//   GET /readyz             200, or 503 with the reasons: send nobody here
//   GET /v1/gateway/status  api::GatewayStatus   on the Unix socket alone, for root and our own user
//   GET /v1/gateway/seen    api::SeenPage        (SO_PEERCRED)
//   GET /v1/gateway/records api::RejectionList   likewise
#pragma once

#include <memory>

#include "base/file.h"
#include "net/endpoint.h"
#include "watch/sources.h"

namespace symbolon::watch {

class WatchServer {
 public:
  explicit WatchServer(Sources sources);
  WatchServer(const WatchServer&) = delete;
  WatchServer& operator=(const WatchServer&) = delete;
  ~WatchServer();  // ends its thread; the sources are not called any more

  // Each before start(). Fails as net::listen.
  Result<net::Endpoint> listen_for_metrics(const net::Endpoint& endpoint);
  Status listen_for_status(const Path& socket);  // in a folder that there is
  void start();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::watch
