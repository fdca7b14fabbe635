// What a gateway says about itself: metrics, status, and the certificates it has seen.
#pragma once

#include <prometheus/collectable.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/gateway_info.h"
#include "base/clock.h"
#include "gateway/crl_facts.h"
#include "gateway/gathering.h"
#include "gateway/inventory.h"
#include "gateway/limits.h"
#include "gateway/record_sink.h"
#include "tls/staple.h"
#include "x509/trust_bundle.h"

namespace symbolon::gateway {

// What does not change while a configuration is in force.
struct SideFacts {
  PeerKind peer = PeerKind::client;                // who is on this side
  std::optional<x509::Certificate> certificate;    // what is presented to them
  std::shared_ptr<const x509::TrustBundle> trust;  // null: no certificate is asked for
};
struct RouteFacts {
  std::string name;
  std::string listen;
  std::vector<std::string> to;
  std::vector<SideFacts> sides;                             // those that speak TLS
  std::shared_ptr<const tls::StapleSlot> staple = nullptr;  // null: nothing is stapled
};

// What became of configuration and files since the start.
struct ReloadState {
  std::uint64_t generation = 0;  // of what is served: 1 at the start, one more with each success
  UnixSeconds loaded_at;         // the last success
  std::uint64_t failures = 0;    // since the start
  std::optional<Error> failure;  // of the last attempt; none: it succeeded
  UnixSeconds failed_at;         // the last failure, if there was one
};

// Certificate chains that came: whether they were known.
struct ChainCacheCounts {
  std::uint64_t verified = 0;
  std::uint64_t failed = 0;
  std::uint64_t fresh = 0;
};

// Why nobody can be admitted on this route at that time; empty: somebody can.
std::vector<api::Warning> hindrances_of(const RouteFacts& route, UnixSeconds now);

// Thread-safe. status(), Collect() and keep() wait for the gateway's threads, a second at most.
class Figures final : public prometheus::Collectable {
 public:
  struct Parts {
    const Clock* clock = nullptr;               // not null; outlives it
    std::shared_ptr<const RecordSink> records;  // not null
    std::vector<AskThread> threads;             // callable as long as it lives
    const LimitCounts* limits = nullptr;        // not null; outlives it
    std::function<ChainCacheCounts()> chains;   // of all threads
    std::function<ReloadState()> reload;
    std::function<CrlFacts()> crls;                      // empty: there are none
    std::function<std::vector<std::string>()> warnings;  // beside those of configuration and files
    std::unique_ptr<Inventory> inventory;                // not null
  };
  explicit Figures(Parts parts);
  ~Figures() override;  // finish()

  // -- told by the gateway
  void set_phase(api::GatewayPhase phase);
  // What was put in force, and what an operator should know about it.
  void set_configured(std::vector<RouteFacts> routes, std::vector<std::string> warnings);
  // A last keep(); from then on only who asks makes it work.
  void finish();

  // -- asked
  std::vector<prometheus::MetricFamily> Collect() const override;
  api::GatewayStatus status() const;
  // Fails with bad_request.
  Result<api::SeenPage> seen(const api::SeenQuery& query) const;
  // Makes what was seen durable; also done by itself every 10 s.
  Status keep() const;

 private:
  Gathered gather() const;
  void run();

  const Parts parts_;
  const UnixSeconds started_at_;
  std::unique_ptr<Gathering> gathering_;
  mutable std::mutex mutex_;  // of what follows
  api::GatewayPhase phase_ = api::GatewayPhase::starting;
  std::vector<RouteFacts> routes_;
  std::vector<std::string> warnings_;
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread keeper_;
};

}  // namespace symbolon::gateway
