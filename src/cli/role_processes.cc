#include "cli/role_processes.h"

#include <algorithm>

#include "authority/hierarchy.h"
#include "authority/state_layout.h"
#include "base/log.h"
#include "cli/serving.h"
#include "cli/supervisor.h"
#include "contain/child.h"
#include "net/sd_listen_fds.h"

namespace symbolon::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kToStop{30};  // beyond what the configuration gives open connections

// The hidden command of a role, with the places of this run.
std::vector<std::string> command_for(std::string_view role, const LoadedConfiguration& loaded) {
  return {"role", std::string(role), "--config", loaded.file.string(), "--state", loaded.state.string()};
}

RoleProcess role(std::string name, const LoadedConfiguration& loaded, std::function<milliseconds()> stop) {
  auto arguments = command_for(name, loaded);
  return {.role = std::move(name), .arguments = std::move(arguments), .descriptors = {}, .stop = std::move(stop)};
}

void give(RoleProcess& process, std::string_view option, int descriptor) {
  process.arguments.insert(process.arguments.end(), {std::string(option), std::to_string(descriptor)});
  process.descriptors.push_back(descriptor);
}

void give(RoleProcess& process, const net::SocketsToPassOn& sockets) {
  if (sockets.descriptors.empty()) return;
  const std::string count = std::to_string(sockets.descriptors.size());
  process.arguments.insert(process.arguments.end(), {"--sockets", count, "--socket-names", sockets.names});
  process.descriptors.insert(process.descriptors.end(), sockets.descriptors.begin(), sockets.descriptors.end());
}

void watch(RoleProcess& process, const net::ServiceManager& manager) {
  if (!manager.watchdog()) return;
  process.arguments.insert(process.arguments.end(), {"--watchdog", std::to_string(manager.watchdog()->count())});
  process.signs_of_life = true;
}

// What the configuration names as it is now, for roles that may not open it themselves. It is read anew whenever a role
// asks for the file itself.
class Named {
 public:
  Named(const LoadedConfiguration& loaded, const Session& session) : session_(session) { take(loaded); }

  // A file for reading. The signer has asked for everything before it gave up the right to.
  bool file(const std::string& role, const Path& file) {
    if (role == "signer") return false;
    if (role == "authority") return file == config_;
    if (file == config_) {
      // A broken one names nothing new: the roles keep what they have.
      if (const auto again = load_configuration_silently(session_)) take(*again);
    }
    return std::ranges::find(files_, file) != files_.end();
  }
  // A file for appending. Both write records.
  bool records(const std::string& role, const Path& file) const { return role != "signer" && file == records_; }
  // A Unix socket for the gateway: what the authority has for gateways, and services.
  bool socket(const std::string& role, const Path& socket) const {
    return role == "gateway" && std::ranges::find(sockets_, socket) != sockets_.end();
  }
  // What the gateway takes to stop, at most.
  milliseconds gateway_stop() const { return drain_ + kToStop; }

 private:
  void take(const LoadedConfiguration& loaded) {
    const authority::StateLayout layout{loaded.state};
    config_ = loaded.file;
    files_ = loaded.paths;
    std::erase(files_, loaded.state);
    const auto& authority = loaded.content.authority;
    if (authority && authority->key_passphrase_file) std::erase(files_, *authority->key_passphrase_file);
    files_.push_back(loaded.file);
    files_.push_back(layout.anchors());
    sockets_ = {layout.gateways_socket()};
    records_.reset();
    if (!loaded.content.gateway) return;
    records_ = loaded.content.gateway->records;
    drain_ = seconds(loaded.content.gateway->drain_timeout.count);
    for (const gateway::RouteConfig& route : loaded.content.gateway->routes) {
      for (const net::Endpoint& to : route.to) {
        if (to.kind == net::Endpoint::Kind::unix_path) sockets_.emplace_back(to.host);
      }
    }
  }

  const Session& session_;
  Path config_;
  std::vector<Path> files_;
  std::vector<Path> sockets_;
  std::optional<Path> records_;
  seconds drain_{0};
};

}  // namespace

Status run_processes(Roles asked, Session& session) {
  auto manager = TRY(net::ServiceManager::from_environment());
  const net::SocketsToPassOn sockets = net::sockets_to_pass_on();
  const LoadedConfiguration loaded = TRY(load_configuration(session));
  const Roles roles = TRY(roles_to_run(loaded, asked));
  Named named(loaded, session);
  // Both ends stay open here: when one process ends, what the other asks waits for the next.
  contain::PacketPair signing;
  std::vector<RoleProcess> processes;
  if (roles.authority) {
    signing = TRY(contain::packet_pair());
    auto signer = role("signer", loaded, [] { return kToStop; });
    give(signer, "--signing", signing.theirs.get());
    processes.push_back(std::move(signer));
    auto authority = role("authority", loaded, [] { return kToStop; });
    give(authority, "--signing", signing.ours.get());
    watch(authority, manager);
    processes.push_back(std::move(authority));
  }
  if (roles.gateway) {
    auto gateway = role("gateway", loaded, [&named] { return named.gateway_stop(); });
    watch(gateway, manager);
    give(gateway, sockets);
    processes.push_back(std::move(gateway));
  }
  processes.back().arguments.emplace_back("--metrics");  // the gateway asks the authority for its figures
  block_supervised_signals();
  start_log_of("");
  const SupervisorHooks hooks{
      .ready = [] { log(LogLevel::info, "all roles are ready"); },
      .may_read = [&named](const std::string& role, const Path& file) { return named.file(role, file); },
      .may_append = [&named](const std::string& role, const Path& file) { return named.records(role, file); },
      .may_connect = [&named](const std::string& role, const Path& socket) { return named.socket(role, socket); },
      // The authority wrote the key of a further CA.
      .may_renew = [](const std::string& role,
                      const std::string& other) { return role == "authority" && other == "signer"; },
      .manager = std::move(manager)};
  session.exit_with(TRY(supervise(std::move(processes), hooks)));
  return {};
}

}  // namespace symbolon::cli
