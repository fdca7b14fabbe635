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
  // `inherited`: sockets of the service manager, for the gateway; may be null.
  static Result<std::unique_ptr<Service>> start(const LoadedConfiguration& loaded, Roles roles, const Clock& clock,
                                                std::shared_ptr<const net::InheritedSockets> inherited);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();  // gateway first, then the API, then the ledger

  // What listens where, a line each; and what an operator should know.
  const std::vector<std::string>& started() const;
  std::vector<std::string> warnings() const;
  const gateway::Gateway* gateway() const;

  // Goes on with what the configuration says now: the gateway's part whole, or (failing as Gateway::reload does)
  // nothing. What takes effect at the next start only is logged as a warning.
  Status reload(const LoadedConfiguration& loaded);
  // The configuration could not be read: said where the gateway's state is asked for.
  void reload_failed(const Error& error);
  // Begins to stop the gateway (Gateway::drain); the authority goes on until the end.
  void drain(std::function<void()> ended);
  // Whether every thread has answered the last question; asks the next one. From one thread only.
  bool threads_answer();

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::cli
