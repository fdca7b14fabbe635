#include "watch/config.h"

#include "config/value.h"

namespace symbolon::watch {
namespace {

bool stays_here(const net::Endpoint& endpoint) {
  if (endpoint.kind == net::Endpoint::Kind::unix_path) return true;
  if (endpoint.kind != net::Endpoint::Kind::address) return false;
  return endpoint.host == "::1" || endpoint.host.starts_with("127.");
}

Status check(const MetricsConfig& metrics) {
  if (metrics.listen.has_value() == metrics.insecure_listen.has_value())
    return fail(Code::config_bad_value, "either `listen` or `insecure_listen` says where the metrics are");
  if (metrics.listen && !stays_here(*metrics.listen))
    return fail(Code::config_bad_value,
                "{} can be reached from elsewhere, and nobody is asked who they are: use a loopback address or a Unix "
                "socket, or say `insecure_listen`",
                metrics.listen->text());
  return {};
}

}  // namespace

config::Table<MetricsConfig> metrics_table() {
  const auto endpoint = config::parsed<net::Endpoint>("an endpoint such as 127.0.0.1:9440 or unix:/run/metrics.sock",
                                                      [](std::string_view text) { return net::Endpoint::parse(text); });
  config::Table<MetricsConfig> table("metrics", "Where /metrics, /healthz and /readyz are served, in plain HTTP.");
  table
      .optional("listen", &MetricsConfig::listen, endpoint,
                {"A loopback address, or a Unix socket (0600).", "127.0.0.1:9440"})
      .optional("insecure_listen", &MetricsConfig::insecure_listen, endpoint,
                "Any address: whoever reaches it reads who comes here and how often.")
      .check(check);
  return table;
}

}  // namespace symbolon::watch
