#include "cli/role_bounds.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "authority/state_layout.h"
#include "base/log.h"
#include "cli/watching.h"
#include "contain/child.h"
#include "http/url.h"

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

void add_url(std::vector<net::Endpoint>& out, std::string_view url) {
  if (auto parsed = http::parse_http_url(url)) out.push_back(std::move(parsed->endpoint));
}

// The OCSP responders of the certificates that routes present; each file is read once.
class Responders {
 public:
  Responders(const LoadedConfiguration& loaded, const ReadCertificate& read) : loaded_(loaded), read_(read) {}

  std::vector<net::Endpoint> of(const gateway::RouteConfig& route) {
    if (!route.certificate || !route.staple.value_or(true)) return {};
    const auto* const files = std::get_if<gateway::CertificateFiles>(&*route.certificate);
    if (files == nullptr) return of_authority();
    const auto [known, is_new] = by_file_.try_emplace(files->cert);
    if (is_new) known->second = in_file(files->cert);
    return known->second;
  }

 private:
  std::vector<net::Endpoint> in_file(const Path& file) const {
    std::vector<net::Endpoint> out;
    const auto content = read_(file);
    const auto chain = content ? x509::Certificate::from_file_content(*content)
                               : Result<std::vector<x509::Certificate>>(std::vector<x509::Certificate>());
    if (!chain || chain->empty()) return out;
    for (const std::string& url : chain->front().ocsp_urls()) add_url(out, url);
    return out;
  }
  std::vector<net::Endpoint> of_authority() const {
    std::vector<net::Endpoint> out;
    const auto& authority = loaded_.content.authority;
    if (authority && authority->ocsp && authority->ocsp->url) add_url(out, *authority->ocsp->url);
    if (const auto& elsewhere = loaded_.content.gateway->authority) {
      out.push_back(elsewhere->url);
      out.back().port = http::kHttpPort;
    }
    return out;
  }

  const LoadedConfiguration& loaded_;
  const ReadCertificate& read_;
  std::map<Path, std::vector<net::Endpoint>> by_file_;
};

}  // namespace

std::vector<std::uint16_t> ports_of(const LoadedConfiguration& loaded, const ReadCertificate& read) {
  std::vector<std::uint16_t> out;
  if (!loaded.content.gateway) return out;
  const gateway::GatewayConfig& config = *loaded.content.gateway;
  Responders responders(loaded, read);
  const auto add = [&](const net::Endpoint& to) {
    if (to.kind == net::Endpoint::Kind::unix_path) return;
    out.push_back(to.port);
    if (to.kind == net::Endpoint::Kind::name) out.push_back(kDns);
  };
  if (config.authority) add(config.authority->url);
  for (const gateway::CrlConfig& crl : config.crls) {
    if (crl.url() != nullptr) add(crl.url()->url.endpoint);
  }
  for (const gateway::RouteConfig& route : config.routes) {
    if (route.via) {
      add(route.via->proxy);
    } else {
      std::ranges::for_each(route.to, add);
    }
    std::ranges::for_each(responders.of(route), add);
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
  for (const net::Endpoint& endpoint : section ? section->public_endpoints() : std::vector<net::Endpoint>()) {
    add_socket_folder(out.files, endpoint);
  }
  if (loaded.content.metrics) add_socket_folder(out.files, loaded.content.metrics->endpoint());
  return out;
}

contain::Bounds bounds_of_gateway(const LoadedConfiguration& loaded) {
  const auto read = [](const Path& file) -> std::optional<std::string> {
    auto content = read_file(file, kMostCertificateFile);
    return content ? std::optional(std::move(*content)) : std::nullopt;
  };
  contain::Bounds out{.files = {.read = kLibraryFiles, .write = {}, .connect = ports_of(loaded, read)},
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
