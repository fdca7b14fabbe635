// Metrics, health and status of what this process runs (watch/), from before it listens until it has ended.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/rejection.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/gateway_layout.h"
#include "gateway/gateway.h"
#include "watch/config.h"

namespace symbolon::cli {

class Watching {
 public:
  enum class Gateway : std::uint8_t { none, expected };  // expected: not ready until set_gateway()
  struct Options {
    std::optional<watch::MetricsConfig> metrics;
    Path state;
    Gateway gateway = Gateway::none;
    std::optional<Path> authority;  // the socket of the authority whose figures are scraped too
    api::LookUpRejections rejections;
    const Clock* clock = nullptr;  // not null; outlives it
  };
  // Listens, and answers at once: not ready. Fails as net::listen where the metrics cannot be served. A state folder
  // that cannot be written, or that another gateway uses, is a warning: what clients are served needs neither.
  static Result<std::unique_ptr<Watching>> start(Options options);
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;
  ~Watching();

  // From now on it is asked; null before it goes.
  void set_gateway(const gateway::Gateway* gateway);
  // What listens where, for the log; empty when no metrics are served.
  const std::string& started() const { return started_; }
  // Whether the gateway's folder in the state is ours to write.
  bool has_folder() const { return warning_.empty(); }
  // Why not; empty: it is.
  const std::string& warning() const { return warning_; }

 private:
  struct Impl;
  explicit Watching(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  std::string started_;
  std::string warning_;
};

}  // namespace symbolon::cli
