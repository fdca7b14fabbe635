// What a service tells its service manager: the protocol of sd_notify(3) and sd_watchdog_enabled(3).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace symbolon::net {

class ServiceManager {
 public:
  ServiceManager() = default;  // none: whatever is told goes nowhere
  // By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which are taken out of the environment: no child of ours shall
  // speak for us. Before threads start. Fails with config_bad_value when they cannot be used.
  static Result<ServiceManager> from_environment();

  // By somebody who passes each message on; `watchdog` as below. `pass` may be called by several threads.
  using Pass = std::function<Status(const std::string& message)>;
  static ServiceManager through(Pass pass, std::optional<std::chrono::microseconds> watchdog);

  bool listens() const { return pass_ || !address_.empty(); }
  // It wants a sign of life at least this often, else it ends us.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  // One message each; `status` is a line for people. Fails with system_error when the manager does not take it.
  Status ready(std::string_view status) const;      // after the start and after each reload
  Status reloading(std::string_view status) const;  // ready() follows
  Status stopping(std::string_view status) const;
  Status status(std::string_view status) const;
  Status alive() const;
  // As another one of these made it.
  Status send(const std::string& message) const;

 private:
  Pass pass_;
  std::string address_;  // of the datagram socket; beginning with '@': in the abstract namespace
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace symbolon::net
