#include "cli/role_processes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <tuple>

#include "authority/hierarchy.h"
#include "authority/state_layout.h"
#include "base/log.h"
#include "cli/role_bounds.h"
#include "cli/serving.h"
#include "cli/supervisor.h"
#include "cli/watching.h"
#include "config/same_section.h"
#include "contain/child.h"
#include "contain/control.h"
#include "contain/hardening.h"
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

// What a configuration names, for roles that may not open it themselves.
struct Named {
  std::vector<Path> files;           // for reading
  std::vector<Path> sockets;         // Unix sockets that the gateway connects to
  std::vector<std::uint16_t> ports;  // TCP ports likewise
  std::vector<Path> listened;        // Unix sockets that it listens on
  std::optional<Path> records;       // that authority and gateway append to
  std::vector<Path> written;         // folders in which the authority does as it pleases
  seconds drain{0};                  // what the gateway gives open connections when it stops
};

std::optional<Path> unix_path(const net::Endpoint& endpoint) {
  if (endpoint.kind != net::Endpoint::Kind::unix_path) return std::nullopt;
  return Path(endpoint.host);
}

// But for the ports. `state` is that of the start: the roles have it.
Named named_by(const LoadedConfiguration& loaded, const Path& state) {
  const authority::StateLayout layout{state};
  Named out;
  out.files = loaded.paths;
  std::erase(out.files, loaded.state);
  const auto& authority = loaded.content.authority;
  if (authority && authority->key_passphrase_file) std::erase(out.files, *authority->key_passphrase_file);
  out.files.push_back(loaded.file);
  out.files.push_back(layout.anchors());
  if (authority) out.written = {state};
  if (authority && authority->backups) out.written.push_back(*authority->backups);
  out.sockets = {layout.gateways_socket()};
  out.listened = {GatewayLayout{state}.socket()};
  const auto take = [](std::vector<Path>& to, const net::Endpoint& endpoint) {
    if (auto path = unix_path(endpoint)) to.push_back(std::move(*path));
  };
  if (loaded.content.metrics) take(out.listened, loaded.content.metrics->endpoint());
  if (!loaded.content.gateway) return out;
  out.records = loaded.content.gateway->records;
  out.drain = seconds(loaded.content.gateway->drain_timeout.count);
  for (const gateway::RouteConfig& route : loaded.content.gateway->routes) {
    take(out.listened, route.listen);
    for (const net::Endpoint& to : route.to) take(out.sockets, to);
  }
  return out;
}

// However the folder is called in its path.
bool lies_in(const Path& folder, const Path& file) {
  std::error_code ignored;
  for (Path at = std::filesystem::absolute(file, ignored).lexically_normal(); at.has_relative_path();) {
    at = at.parent_path();
    if (std::filesystem::equivalent(at, folder, ignored)) return true;
  }
  return false;
}

bool holds(const auto& list, const auto& one) { return std::ranges::find(list, one) != list.end(); }

// None where there is more.
std::optional<std::string> read_at_most(int file, std::size_t most) {
  std::string out(most + 1, '\0');
  std::size_t size = 0;
  while (size < out.size()) {
    const ssize_t came = ::read(file, out.data() + size, out.size() - size);
    if (came < 0 && errno == EINTR) continue;
    if (came < 0) return std::nullopt;
    if (came == 0) break;
    size += static_cast<std::size_t>(came);
  }
  if (size > most) return std::nullopt;
  out.resize(size);
  return out;
}

// What the roles are lent: what the configuration that they run on names and, from the beginning of a reload until the
// gateway has taken it up or refused it, what the new one names.
class Lending {
 public:
  Lending(const LoadedConfiguration& loaded, std::optional<contain::User> user, const Session& session)
      : session_(session), user_(std::move(user)), config_(loaded.file), state_(loaded.state), text_(loaded.text) {
    now_ = named_in(loaded);
    make_folder_of_gateway(loaded);
    files_.follow(files_of(loaded));
  }

  ChangedFiles& files() { return files_; }

  void reloading() {
    files_.follow({config_});
    const auto again = load_configuration_silently(session_);
    if (!again) return;  // a broken one names nothing new: the roles say what is wrong with it
    files_.follow(files_of(*again));
    text_ = again->text;
    next_ = named_in(*again);
  }
  void reloaded(bool taken_up) {
    if (next_ && taken_up) now_ = std::move(*next_);
    next_.reset();
  }

  // The signer reads the profiles once, the authority too: both must have the same.
  std::vector<std::string> renewed_with_authority() {
    reloading();
    if (config::same_section("authority", signer_text_, text_)) return {};
    return {"signer"};
  }
  void signer_starts() { signer_text_ = text_; }

  // Of what is root's the configuration names keys, which it lends; where the authority may write, a link, or another
  // name for a file there, would lend what nobody named.
  int open(const std::string& role, const Path& file) const {
    if (!may_read(role, file)) return -EACCES;
    return open_with_their_rights(file, {});
  }
  bool may_connect(const std::string& role, std::uint16_t port) const {
    return role == "gateway" && among(&Named::ports, port);
  }
  int connect_unix(const std::string& role, const Path& socket) const {
    if (role != "gateway" || !among(&Named::sockets, socket) || is_of_gateway(socket)) return -EACCES;
    const contain::ActingAs user(user_);
    return user.done() ? contain::connect_unix_socket(socket) : -EACCES;
  }
  int append(const std::string& role, const Path& file) const {
    const bool named = file == now_.records || (next_ && file == next_->records);
    if (role == "signer" || !named || is_of_gateway(file)) return -EACCES;
    const contain::ActingAs user(user_);
    if (!user.done()) return -EACCES;
    constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const int opened = ::open(file.c_str(), kFlags, 0600);  // a pipe without a reader would hold us up
    if (opened < 0) return -errno;
    ::fcntl(opened, F_SETFL, O_APPEND);
    return opened;
  }
  int bind_unix(const std::string& role, const Path& socket, unsigned mode) {
    if (role != "gateway" || !among(&Named::listened, socket)) return -EACCES;
    const contain::ActingAs user(user_);
    if (!user.done()) return -EACCES;
    auto bound = net::listen({net::Endpoint::Kind::unix_path, socket.string(), 0}, {.unix_mode = mode & 0777});
    if (!bound) return -errno_of(bound.error().code);
    bound_.insert(socket);
    return bound->front().release();
  }
  void remove_unix(const std::string& role, const Path& socket) {
    if (role != "gateway" || bound_.erase(socket) == 0) return;
    const contain::ActingAs user(user_);
    if (user.done()) ::unlink(socket.c_str());
  }
  // What the gateway takes to stop, at most.
  milliseconds gateway_stop() const { return now_.drain + kToStop; }

 private:
  Named named_in(const LoadedConfiguration& loaded) const {
    Named out = named_by(loaded, state_);
    // A certificate says to which port the gateway may connect: the gateway must not be able to write one.
    out.ports = ports_of(loaded, [&](const Path& file) -> std::optional<std::string> {
      if (is_of_gateway(file)) return std::nullopt;
      const contain::Descriptor opened(open_with_their_rights(file, out.written));
      return opened.get() >= 0 ? read_at_most(opened.get(), kMostCertificateFile) : std::nullopt;
    });
    return out;
  }
  // `written`: folders of theirs beside those that are known already.
  int open_with_their_rights(const Path& file, const std::vector<Path>& written) const {
    const auto holds_it = [&](const Path& folder) { return lies_in(folder, file); };
    const bool theirs = is_theirs(file) || std::ranges::any_of(written, holds_it);
    const contain::ActingAs user(theirs ? user_ : std::nullopt);
    return user.done() ? contain::open_plain_file(file) : -EACCES;
  }
  // The signer has asked for everything before it gave up the right to.
  bool may_read(const std::string& role, const Path& file) const {
    if (role == "signer") return false;
    if (role == "authority") return file == config_;
    return among(&Named::files, file) && !is_of_gateway(file);
  }
  // Where the gateway writes, it opens what it may by itself: what it is asked to be lent there could be a link of its
  // own.
  bool is_of_gateway(const Path& file) const { return lies_in(GatewayLayout{state_}.folder(), file); }
  bool is_theirs(const Path& file) const {
    const auto holds_it = [&](const Path& folder) { return lies_in(folder, file); };
    return std::ranges::any_of(now_.written, holds_it) || (next_ && std::ranges::any_of(next_->written, holds_it));
  }
  template <typename T>
  bool among(std::vector<T> Named::* list, const T& one) const {
    return holds(now_.*list, one) || (next_ && holds(*next_.*list, one));
  }
  // Before its name counts: else the reload of a change would follow the start.
  void make_folder_of_gateway(const LoadedConfiguration& loaded) const {
    const contain::ActingAs user(user_);
    if (loaded.content.gateway && user.done()) std::ignore = GatewayLayout{state_}.make();
  }
  static int errno_of(Code code) {
    switch (code) {
      case Code::listen_in_use: return EADDRINUSE;
      case Code::listen_denied: return EACCES;
      case Code::out_of_descriptors: return EMFILE;
      default: return ENOENT;
    }
  }

  const Session& session_;
  const std::optional<contain::User> user_;  // of authority and gateway, where it is not ours
  const Path config_;
  const Path state_;
  ChangedFiles files_;
  std::string text_;         // of the configuration, as it was read last
  std::string signer_text_;  // as it was when the signer started
  Named now_;
  std::optional<Named> next_;
  std::set<Path> bound_;
};

// Whoever may change the configuration says what the roles may do.
void warn_of_writable_configuration(const LoadedConfiguration& loaded, const std::optional<contain::User>& user) {
  struct stat info{};
  if (!user || ::stat(loaded.file.c_str(), &info) != 0) return;
  struct stat folder{};
  const bool folder_too = ::stat(loaded.file.parent_path().c_str(), &folder) == 0 && folder.st_uid == user->user;
  if (info.st_uid != user->user && (info.st_mode & 022U) == 0 && !folder_too) return;
  log(LogLevel::warning,
      fmt::format("{}: others than root may change it: who breaks into a process of {} can, and with it what confines "
                  "that process; give the file and its folder to root",
                  loaded.file.string(), user->name));
}

}  // namespace

Status run_processes(Roles asked, Session& session) {
  auto manager = TRY(net::ServiceManager::from_environment());
  const net::SocketsToPassOn sockets = net::sockets_to_pass_on();
  contain::harden_process();  // the roles say what could not be done
  const LoadedConfiguration loaded = TRY(load_configuration(session));
  const Roles roles = TRY(roles_to_run(loaded, asked));
  const auto user = TRY(user_of(loaded));
  Lending lending(loaded, user, session);
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
    auto gateway = role("gateway", loaded, [&lending] { return lending.gateway_stop(); });
    watch(gateway, manager);
    give(gateway, sockets);
    processes.push_back(std::move(gateway));
  }
  processes.back().arguments.emplace_back("--metrics");  // the gateway asks the authority for its figures
  block_supervised_signals();
  start_log_of("");
  if (user) log(LogLevel::info, "the roles run as " + user->name);
  warn_of_writable_configuration(loaded, user);
  using Role = const std::string&;
  const SupervisorHooks hooks{
      .ready = [] { log(LogLevel::info, "all roles are ready"); },
      .may_connect_tcp = [&](Role role, std::uint16_t port) { return lending.may_connect(role, port); },
      .open = [&](Role role, const Path& file) { return lending.open(role, file); },
      .connect_unix = [&](Role role, const Path& socket) { return lending.connect_unix(role, socket); },
      .append = [&](Role role, const Path& file) { return lending.append(role, file); },
      .bind_unix = [&](Role role, const Path& socket, unsigned mode) { return lending.bind_unix(role, socket, mode); },
      .remove_unix = [&](Role role, const Path& socket) { lending.remove_unix(role, socket); },
      // The authority wrote the key of a further CA, or its part of the configuration changed.
      .may_renew = [](Role role, Role other) { return role == "authority" && other != "gateway"; },
      .starts = [&](Role role) -> std::vector<std::string> {
        if (role == "signer") lending.signer_starts();
        return role == "authority" ? lending.renewed_with_authority() : std::vector<std::string>();
      },
      .files = &lending.files(),
      .reloading = [&] { lending.reloading(); },
      .reloaded =
          [&](Role role, bool taken_up) {
            if (role == "gateway") lending.reloaded(taken_up);
          },
      .manager = std::move(manager)};
  session.exit_with(TRY(supervise(std::move(processes), hooks)));
  return {};
}

}  // namespace symbolon::cli
