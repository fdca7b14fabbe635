// One process a role: started in order, started again when they end, stopped in the reverse order. What `symbolon run`
// is while it runs. It serves nothing itself.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/changed_files.h"
#include "net/sd_notify.h"

namespace symbolon::cli {

// A process of this program: `symbolon ARGUMENTS... --control N`.
struct RoleProcess {
  std::string role;                                 // for the log
  std::vector<std::string> arguments;               // the hidden command with what it needs
  std::vector<int> descriptors;                     // that it gets beside the one of --control; borrowed
  std::function<std::chrono::milliseconds()> stop;  // after SIGTERM, until it is killed
  bool signs_of_life = false;                       // it gives them, where the service manager wants them
};

struct SupervisorHooks {
  std::function<void()> ready;  // all roles serve; once
  // Asked by roles that may not themselves: does the configuration name this port for that role?
  std::function<bool(const std::string& role, std::uint16_t port)> may_connect_tcp;
  // Opens a file for reading that the configuration names for that role: a descriptor, or -errno.
  std::function<int(const std::string& role, const Path&)> open;
  // Likewise: a socket that is connected, or -errno.
  std::function<int(const std::string& role, const Path&)> connect_unix;
  // Opens a file for appending that the configuration has for that role: a descriptor, or -errno.
  std::function<int(const std::string& role, const Path&)> append;
  // Binds a Unix socket that the configuration has for that role: a descriptor, or -errno.
  std::function<int(const std::string& role, const Path&, unsigned mode)> bind_unix;
  std::function<void(const std::string& role, const Path&)> remove_unix;
  // May `role` have `other` started anew?
  std::function<bool(const std::string& role, const std::string& other)> may_renew;
  // This role starts now; the answer: who is to be started anew with it.
  std::function<std::vector<std::string>(const std::string& role)> starts;
  // The files that the configuration names; none: nobody looks for changes.
  ChangedFiles* files = nullptr;
  // A reload begins; it is over for this role, and the role took it up or goes on as it was.
  std::function<void()> reloading;
  std::function<void(const std::string& role, bool taken_up)> reloaded;
  net::ServiceManager manager = {};
};

// SIGTERM, SIGINT, SIGHUP and SIGCHLD are for supervise() alone: call it before there are other threads.
void block_supervised_signals();

// Until SIGTERM or SIGINT, or until a role does not get ready at the start: its exit status then, 0 else. SIGHUP, and a
// change of the files, is passed on to the roles that are ready, and to the others as soon as they are. On the main
// thread. Fails with system_error.
Result<int> supervise(std::vector<RoleProcess> roles, const SupervisorHooks& hooks);

}  // namespace symbolon::cli
