#include "gateway/limits_config.h"

namespace symbolon::gateway {
namespace {

config::Value<std::int64_t> count() { return config::integer(0, 10'000'000); }

}  // namespace

config::Table<Limits> limits_table() {
  config::Table<Limits> t("limits", "What the gateway bears at most, in all and of one source; 0 is no limit.");
  t.optional("connections", &Limits::connections, count(),
             "Open connections in all; 0: as many as the descriptors that the process may open allow.")
      .optional("connections_per_source", &Limits::connections_per_source, count(),
                "Open connections of one source: an IPv4 address, or an IPv6 network of 64 bits.")
      .optional(
          "handshakes", &Limits::handshakes, count(),
          "Handshakes at a time in all, from the accept on; 0: half of `connections`, so that those who do not finish "
          "theirs never take every place.")
      .optional("handshakes_per_source", &Limits::handshakes_per_source, count(), "Handshakes at a time of one source.")
      .optional("handshake_rate", &Limits::handshake_rate, count(),
                "Handshakes that may begin in a second in all; as many may begin at once.")
      .optional("handshake_rate_per_source", &Limits::handshake_rate_per_source, count(),
                "Handshakes that one source may begin in a second.");
  return t;
}

config::Table<Limits> route_limits_table() {
  config::Table<Limits> t("limits", "What the route bears at most; 0 is no limit but the gateway's.");
  t.optional("connections", &Limits::connections, count(), "Open connections of admitted clients.")
      .optional("connections_per_source", &Limits::connections_per_source, count(), "Those of one source.");
  return t;
}

}  // namespace symbolon::gateway
