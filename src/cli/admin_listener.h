// The authority's API over mutual TLS: which certificate it shows and whom it trusts, renewed while connections are
// open, and the records of handshakes that came to nothing.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "gateway/record_sink.h"
#include "gateway/source_limit.h"
#include "http/server.h"
#include "revocation/revocation_source.h"
#include "tls/context.h"

namespace symbolon::cli {

// Thread-safe. Must outlive the server that it listens with.
class AdminListener {
 public:
  struct Inputs {
    std::function<Result<std::shared_ptr<const tls::Credential>>()> credential;  // fresh
    std::function<Result<std::shared_ptr<const x509::TrustBundle>>()> trust;     // as it is now
    std::shared_ptr<const revocation::RevocationSource> revocation;
    std::shared_ptr<gateway::RecordSink> records;
    const Clock* clock = nullptr;
  };
  explicit AdminListener(Inputs inputs) : inputs_(std::move(inputs)) {}
  AdminListener(const AdminListener&) = delete;
  AdminListener& operator=(const AdminListener&) = delete;

  // Asks the inputs anew; the next connection is served by what they say. A failure keeps what was there.
  Status refresh();
  // After a first refresh(). Fails as net::listen.
  Result<net::Endpoint> listen(http::Server& server, const net::Endpoint& endpoint);
  // One record each, with the route "authority"; of one source no more than a gateway would write.
  void record(const tls::Refusal& refusal, const net::PeerAddress& peer);

 private:
  std::shared_ptr<const tls::ServerRoutes> routes() const;

  const Inputs inputs_;
  gateway::SourceLimit source_limit_;
  mutable std::mutex mutex_;
  std::shared_ptr<const tls::ServerRoutes> routes_;
};

}  // namespace symbolon::cli
