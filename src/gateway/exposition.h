// The metrics of a gateway (docs/metrics.md), from what was gathered. Private to this folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/figures.h"

namespace symbolon::gateway {

struct Exposed {
  Counts counts;
  std::map<std::string, api::SeenCertificate> soonest;
  UnixSeconds now;
  std::size_t threads = 0;
  std::size_t threads_silent = 0;
  std::size_t connections = 0;
  std::size_t handshaking = 0;
  std::size_t sources = 0;
  Limits limits;
  ChainCacheCounts chains;
  CrlFacts crls;
  std::uint64_t records_lost = 0;
  std::size_t certificates_seen = 0;
  std::vector<RouteFacts> routes;
  ReloadState reload;
  api::GatewayPhase phase = api::GatewayPhase::starting;
};

std::vector<prometheus::MetricFamily> families_of(const Exposed& exposed);

}  // namespace symbolon::gateway
