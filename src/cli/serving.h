// The life of what stays: started, reloaded, drained, ended - as signals, changed files and the service manager ask.
#pragma once

#include <functional>

#include "cli/service.h"
#include "cli/session.h"
#include "net/sd_notify.h"

namespace symbolon::cli {

struct ServeOptions {
  Roles roles = {};
  Metrics metrics = Metrics::served;
  std::string role = {};                                               // in the log, of one process of several
  std::function<AuthorityKeys(const LoadedConfiguration&)> keys = {};  // of the authority; empty: none runs here
  std::optional<net::ServiceManager> manager = {};                     // none: that of the environment
  bool watches_files = true;                                           // changed ones reload
  std::function<Result<LoadedConfiguration>()> load;                   // for the start
  std::function<Result<LoadedConfiguration>()> load_again;             // for a reload
  std::function<Result<LoadedConfiguration>()> load_silently;          // for a look; from several threads
  std::function<void()> renew_authority = {};                          // ServiceOptions::renew_authority
  // Called once everything listens, before anybody is told; may be empty. A failure ends it.
  std::function<Status(const Service&)> ready = {};
};

// Serves until SIGTERM or SIGINT; then open connections may end by themselves within the gateway's `drain_timeout`, and
// a second signal ends them at once. SIGHUP and changed files reload; a reload that fails is logged and leaves
// everything as it was. Tells the service manager (net/sd_notify.h), and takes the sockets that it opened
// (net/sd_listen_fds.h). Fails as load and Service::start.
Status serve(const ServeOptions& options, const Session& session);

// The log on standard error: JSON lines, or text on a terminal; `role` in every line, unless it is empty.
void start_log_of(const std::string& role);

}  // namespace symbolon::cli
