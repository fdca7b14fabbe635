#include "cli/role_processes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "authority/hierarchy.h"
#include "authority/state_layout.h"
#include "base/acting_as_owner.h"
#include "base/log.h"
#include "cli/role_bounds.h"
#include "cli/serving.h"
#include "cli/supervisor.h"
#include "cli/watching.h"
#include "contain/child.h"
#include "net/listener.h"
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
  Named(const LoadedConfiguration& loaded, const Session& session) : session_(session), state_(loaded.state) {
    take(loaded);
  }

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
  // The file for records, which both write, made as whom the state belongs to: a descriptor, or -errno.
  int append(const std::string& role, const Path& file) const {
    if (role == "signer" || file != records_) return -EACCES;
    const ActingAsOwner owner(state_);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const int opened = ::open(file.c_str(), kFlags, 0600);  // a pipe without a reader would hold us up
    if (opened < 0) return -errno;
    ::fcntl(opened, F_SETFL, O_APPEND);
    return opened;
  }
  // A Unix socket for the gateway: what the authority has for gateways, and services.
  bool socket(const std::string& role, const Path& socket) const {
    return role == "gateway" && std::ranges::find(sockets_, socket) != sockets_.end();
  }
  // A TCP port for the gateway: of a service, or of a proxy before it.
  bool port(const std::string& role, std::uint16_t port) const {
    return role == "gateway" && std::ranges::find(ports_, port) != ports_.end();
  }
  // A Unix socket for the gateway to listen on, made as whom the state belongs to: a descriptor, or -errno.
  int bind_unix(const std::string& role, const Path& socket, unsigned mode) {
    if (role != "gateway" || std::ranges::find(listened_, socket) == listened_.end()) return -EACCES;
    const ActingAsOwner owner(state_);
    auto bound = net::listen({net::Endpoint::Kind::unix_path, socket.string(), 0}, {.unix_mode = mode & 0777});
    if (!bound) return -errno_of(bound.error().code);
    bound_.insert(socket);
    return bound->front().release();
  }
  // The file of a Unix socket that was bound here.
  void remove_unix(const std::string& role, const Path& socket) {
    if (role != "gateway" || bound_.erase(socket) == 0) return;
    const ActingAsOwner owner(state_);
    ::unlink(socket.c_str());
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
    ports_.clear();
    listened_.clear();
    listened_.push_back(GatewayLayout{loaded.state}.socket());
    if (loaded.content.metrics) listen_on(loaded.content.metrics->endpoint());
    records_.reset();
    if (!loaded.content.gateway) return;
    records_ = loaded.content.gateway->records;
    drain_ = seconds(loaded.content.gateway->drain_timeout.count);
    ports_ = ports_of(*loaded.content.gateway);
    for (const gateway::RouteConfig& route : loaded.content.gateway->routes) {
      listen_on(route.listen);
      for (const net::Endpoint& to : route.to) {
        if (to.kind == net::Endpoint::Kind::unix_path) sockets_.emplace_back(to.host);
      }
    }
  }

  void listen_on(const net::Endpoint& endpoint) {
    if (endpoint.kind == net::Endpoint::Kind::unix_path) listened_.emplace_back(endpoint.host);
  }
  static int errno_of(Code code) {
    switch (code) {
      case Code::listen_in_use: return EADDRINUSE;
      case Code::listen_denied: return EACCES;
      case Code::out_of_descriptors: return EMFILE;
      default: return EIO;
    }
  }

  const Session& session_;
  const Path state_;
  Path config_;
  std::vector<Path> files_;
  std::vector<Path> sockets_;
  std::vector<std::uint16_t> ports_;
  std::vector<Path> listened_;
  std::set<Path> bound_;
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
      .may_connect = [&named](const std::string& role, const Path& socket) { return named.socket(role, socket); },
      .may_connect_tcp = [&named](const std::string& role, std::uint16_t port) { return named.port(role, port); },
      .append = [&named](const std::string& role, const Path& file) { return named.append(role, file); },
      .bind_unix = [&named](const std::string& role, const Path& socket,
                            unsigned mode) { return named.bind_unix(role, socket, mode); },
      .remove_unix = [&named](const std::string& role, const Path& socket) { named.remove_unix(role, socket); },
      // The authority wrote the key of a further CA, or its part of the configuration changed.
      .may_renew = [](const std::string& role,
                      const std::string& other) { return role == "authority" && other != "gateway"; },
      .manager = std::move(manager)};
  session.exit_with(TRY(supervise(std::move(processes), hooks)));
  return {};
}

}  // namespace symbolon::cli
