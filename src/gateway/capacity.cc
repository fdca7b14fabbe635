#include "gateway/capacity.h"

#include <sys/resource.h>

#include <algorithm>

namespace symbolon::gateway {
namespace {

constexpr std::size_t kProcess = 64;    // standard streams, records, the ledger, its API, watched files
constexpr std::size_t kEachThread = 4;  // epoll, its timer and its event, a file that is being read
constexpr std::size_t kEachDoor = 4;    // the socket and its spare one; again while a reload exchanges it
constexpr std::size_t kLeast = 64;      // connections

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::int64_t most_connections(std::size_t descriptors, const Reserve& reserve) {
  const std::size_t others =
      kProcess + reserve.threads * (kEachThread + reserve.addresses * kEachDoor) + reserve.drainers;
  const std::size_t left = descriptors - std::min(descriptors, others);
  return static_cast<std::int64_t>(std::max(left / 2, kLeast));
}

Limits limits_of(const GatewayConfig& config, std::size_t threads, const net::DrainLimits& drain) {
  Limits out = config.limits;
  const Reserve reserve{.threads = threads, .addresses = addresses_of(config).size(), .drainers = drain.drainers};
  if (out.connections == 0) out.connections = most_connections(raise_descriptor_limit(), reserve);
  if (out.handshakes == 0) out.handshakes = std::max<std::int64_t>(1, out.connections / 2);
  return out;
}

}  // namespace symbolon::gateway
