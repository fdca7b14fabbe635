#include "cli/role_bounds.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "authority/state_layout.h"
#include "base/log.h"
#include "cli/watching.h"
#include "contain/child.h"

namespace symbolon::cli {
namespace {

// What the libraries read when they are used: configuration of OpenSSL, the resolver's files and modules.
const std::vector<Path> kLibraryFiles = {"/etc/ssl/openssl.cnf",
                                         "/usr/lib/ssl",
                                         "/etc/ld.so.cache",
                                         "/lib",
                                         "/lib64",
                                         "/usr/lib",
                                         "/usr/lib64",
                                         "/etc/resolv.conf",
                                         "/etc/hosts",
                                         "/etc/nsswitch.conf",
                                         "/etc/gai.conf",
                                         "/etc/host.conf",
                                         "/etc/services",
                                         "/run/systemd/resolve"};
constexpr std::uint16_t kDns = 53;

// Where a Unix socket to listen on is made.
void add_socket_folder(contain::LandlockRules& rules, const net::Endpoint& listen) {
  if (listen.kind != net::Endpoint::Kind::unix_path) return;
  const Path folder = Path(listen.host).parent_path();
  rules.sockets.push_back(folder.empty() ? Path(".") : folder);
}

// Where connections go to: services, or the proxies before them, and the resolver where there are names.
std::vector<std::uint16_t> ports_of(const gateway::GatewayConfig& config) {
  std::vector<std::uint16_t> out;
  const auto add = [&](const net::Endpoint& to) {
    if (to.kind == net::Endpoint::Kind::unix_path) return;
    out.push_back(to.port);
    if (to.kind == net::Endpoint::Kind::name) out.push_back(kDns);
  };
  for (const gateway::RouteConfig& route : config.routes) {
    if (route.via) {
      add(route.via->proxy);
    } else {
      std::ranges::for_each(route.to, add);
    }
  }
  return out;
}

}  // namespace

std::vector<gateway::CertificateFromAuthority> wishes_of(const gateway::RouteConfig& route) {
  std::vector<gateway::CertificateFromAuthority> out;
  const auto take = [&](const std::optional<gateway::CertificateSource>& source) {
    if (!source) return;
    if (const auto* const wish = std::get_if<gateway::CertificateFromAuthority>(&*source)) out.push_back(*wish);
  };
  take(route.certificate);
  if (route.server) take(route.server->certificate);
  return out;
}

contain::Bounds bounds_of_signer() {
  return {.files = {.read = {}, .write = {}, .connect = std::vector<std::uint16_t>()},
          .calls = contain::FilterKind::signer};
}

contain::Bounds bounds_of_authority(const LoadedConfiguration& loaded) {
  contain::Bounds out{
      .files = {.read = kLibraryFiles, .write = {loaded.state}, .connect = std::vector<std::uint16_t>()},
      .calls = contain::FilterKind::server};
  const auto& section = loaded.content.authority;
  if (section && section->backups) out.files.write.push_back(*section->backups);
  if (section && section->listen) add_socket_folder(out.files, *section->listen);
  if (loaded.content.metrics) add_socket_folder(out.files, loaded.content.metrics->endpoint());
  return out;
}

contain::Bounds bounds_of_gateway(const LoadedConfiguration& loaded) {
  const gateway::GatewayConfig& config = *loaded.content.gateway;
  contain::Bounds out{.files = {.read = kLibraryFiles, .write = {}, .connect = ports_of(config)},
                      .calls = contain::FilterKind::server};
  // Where there can be none, that is said by who needs it.
  const GatewayLayout own{loaded.state};
  if (own.make()) out.files.write.push_back(own.folder());
  for (const gateway::RouteConfig& route : config.routes) add_socket_folder(out.files, route.listen);
  if (loaded.content.metrics) add_socket_folder(out.files, loaded.content.metrics->endpoint());
  return out;
}

Status change_user(const LoadedConfiguration& loaded, const std::optional<std::string>& name, contain::Keep keep) {
  if (!name || ::geteuid() != 0) return {};
  const auto user = contain::find_user(*name);
  if (!user) return fail_at(loaded.file.string(), Code::config_bad_value, "there is no user '{}'", *name);
  return contain::become(*user, keep);
}

std::optional<std::string> signer_user(const LoadedConfiguration& loaded) {
  const auto& name = loaded.content.user;
  if (!name) return std::nullopt;
  const std::string own = *name + "-signer";
  return contain::find_user(own) ? own : *name;
}

Result<Entry> enter_bounds(const LoadedConfiguration& loaded, const contain::Bounds& bounds) {
  if (loaded.content.insecure_no_sandbox) return Entry();
  return Entry(TRY(contain::enter(bounds)));
}

Status close_unix_sockets(const Entry& entry) {
  if (!entry || !entry->filtered) return {};
  static_cast<void>(TRY(contain::filter_calls(contain::FilterKind::no_unix)));
  return {};
}

void say(const Entry& entry) {
  if (!entry) return;  // the configuration's warning says it
  log(LogLevel::info, "sandbox: " + entry->words());
  for (const std::string& gap : entry->gaps()) log(LogLevel::warning, gap);
}

}  // namespace symbolon::cli
