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

}  // namespace

std::vector<std::uint16_t> ports_of(const gateway::GatewayConfig& config) {
  std::vector<std::uint16_t> out;
  const auto add = [&](const net::Endpoint& to) {
    if (to.kind == net::Endpoint::Kind::unix_path) return;
    out.push_back(to.port);
    if (to.kind == net::Endpoint::Kind::name) out.push_back(kDns);
  };
  if (config.authority) add(config.authority->url);
  for (const gateway::RouteConfig& route : config.routes) {
    if (route.via) {
      add(route.via->proxy);
    } else {
      std::ranges::for_each(route.to, add);
    }
  }
  return out;
}

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
  if (section && section->crl && section->crl->listen) add_socket_folder(out.files, *section->crl->listen);
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
  return out;
}

Result<std::optional<contain::User>> user_of(const LoadedConfiguration& loaded) {
  if (::geteuid() != 0) return std::nullopt;
  auto user = loaded.content.user ? contain::find_user(*loaded.content.user) : contain::owner_of(loaded.state);
  if (!user && loaded.content.user) {
    return fail_at(loaded.file.string(), Code::config_bad_value, "there is no user '{}'", *loaded.content.user);
  }
  return user && user->user != 0 ? user : std::nullopt;
}

Result<std::optional<contain::User>> signer_user(const LoadedConfiguration& loaded) {
  auto user = TRY(user_of(loaded));
  auto signer = user ? contain::signer_of(*user) : std::nullopt;
  return signer ? signer : user;
}

Status change_user(const std::optional<contain::User>& user, contain::Keep keep) {
  return user ? contain::become(*user, keep) : Status();
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
