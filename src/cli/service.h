// What a role of `run`, and `proxy`, start: the authority with its API, the gateway, or both in one process.
#pragma once

#include <functional>
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

// Those of `asked` that there is something to run for: an authority if the state or the configuration has one, a
// gateway if the configuration has routes. Fails with config_missing_key when there is neither.
Result<Roles> roles_to_run(const LoadedConfiguration& loaded, Roles asked);

// Whether this process serves metrics; of several, one does.
enum class Metrics : std::uint8_t { served, elsewhere };

struct ServiceOptions {
  Roles roles = {};
  Metrics metrics = Metrics::served;
  AuthorityKeys keys = {};                                           // of the authority
  std::shared_ptr<const net::InheritedSockets> inherited = nullptr;  // of the service manager, for the gateway
  std::function<Result<LoadedConfiguration>()> load_again;           // asked from several threads
  // Has the authority's processes started anew, soon, because their part of the configuration changed. Empty: such a
  // change takes effect at the next start.
  std::function<void()> renew_authority = {};
};

class Service {
 public:
  // Everything listens when this returns, or nothing does. Fails as roles_to_run and the parts do.
  static Result<std::unique_ptr<Service>> start(const LoadedConfiguration& loaded, ServiceOptions options,
                                                const Clock& clock);
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
