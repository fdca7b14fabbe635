// What `run` and `proxy` start: the authority with its API, and the gateway, in one process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/configuration.h"
#include "gateway/gateway.h"

namespace symbolon::cli {

struct Roles {
  bool authority = true;
  bool gateway = true;
};

class Service {
 public:
  // Everything listens when this returns, or nothing does. The authority runs if the state has one; the gateway if the
  // configuration has routes. Fails with config_missing_key when there is neither, and as the parts do.
  static Result<std::unique_ptr<Service>> start(const LoadedConfiguration& loaded, Roles roles, const Clock& clock);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();  // gateway first, then the API, then the ledger

  // What listens where, a line each; and what an operator should know.
  const std::vector<std::string>& started() const;
  std::vector<std::string> warnings() const;
  const gateway::Gateway* gateway() const;

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Blocks SIGTERM, SIGINT and SIGHUP in this thread and those it starts: call it before start().
void block_stop_signals();
// Waits for SIGTERM or SIGINT.
void await_stop();

}  // namespace symbolon::cli
