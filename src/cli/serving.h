// The life of what stays: started, reloaded, drained, ended - as signals, changed files and the service manager ask.
#pragma once

#include <functional>

#include "cli/service.h"
#include "cli/session.h"

namespace symbolon::cli {

struct ServeOptions {
  Roles roles = {};
  std::function<Result<LoadedConfiguration>()> load;        // for the start
  std::function<Result<LoadedConfiguration>()> load_again;  // for a reload
  std::function<void(const Service&)> ready = {};           // called once everything listens; may be empty
};

// Serves until SIGTERM or SIGINT; then open connections may end by themselves within the gateway's `drain_timeout`, and
// a second signal ends them at once. SIGHUP and changed files reload; a reload that fails is logged and leaves
// everything as it was. Tells the service manager (net/sd_notify.h), and takes the sockets that it opened
// (net/sd_listen_fds.h). Fails as load and Service::start.
Status serve(const ServeOptions& options, const Session& session);

}  // namespace symbolon::cli
