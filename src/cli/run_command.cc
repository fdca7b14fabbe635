// run and proxy: the only commands that start something that stays.
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "authority/init.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "cli/proxy_client.h"
#include "cli/role_processes.h"
#include "cli/serving.h"
#include "crypto/digest.h"
#include "x509/request.h"

namespace symbolon::cli {
namespace {

struct RunOptions {
  std::optional<std::string> only;
  bool one_process = false;
};

Result<Roles> roles_of(const RunOptions& options) {
  if (!options.only) return Roles{};
  Roles roles{false, false};
  std::string_view rest = *options.only;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view role = rest.substr(0, comma);
    if (role == "authority") {
      roles.authority = true;
    } else if (role == "gateway") {
      roles.gateway = true;
    } else {
      return fail(Code::usage, "'{}' is not a role (authority, gateway)", role);
    }
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return roles;
}

Status run(const RunOptions& options, Session& session) {
  const Roles asked = TRY(roles_of(options));
  if (!options.one_process) return run_processes(asked, session);
  session.terminal().warn("--insecure-one-process: who breaks into the gateway has the keys of the CA");
  ServeOptions serving;
  serving.roles = asked;
  serving.load = [&session] { return load_configuration(session); };
  serving.load_again = [&session] { return load_configuration_again(session); };
  serving.load_silently = [&session] { return load_configuration_silently(session); };
  serving.keys = [&session](const LoadedConfiguration& loaded) { return keys_here(loaded, session); };
  return serve(serving, session);
}

struct ProxyOptions {
  std::string listen;
  std::string to;
  std::vector<std::string> names;
  std::vector<std::string> allow;
};

// A CA for trying things out: its passphrase lies beside it, and we say so.
Status make_authority(const Places& places, const Session& session) {
  const Secret passphrase(crypto::random_password(24));
  authority::InitOptions options;
  options.organization = "symbolon proxy";
  options.state = places.state;
  options.config = places.config;
  options.root_passphrase = passphrase.duplicate();
  TRY(authority::init(options, session.clock()));
  const Path file = places.state / "root.passphrase";
  TRY(write_file(file, std::string(passphrase.reveal()) + "\n", {.mode = 0600}));
  session.terminal().note(
      fmt::format("made a CA in {}; root.key and {} are not needed to run: move them off this machine",
                  places.state.string(), file.string()));
  return {};
}

// The client of the curl line. False: the rules admit nobody whom we could make up.
Result<bool> make_client(const Path& state, const Session& session, const LoadedConfiguration& loaded,
                         const gateway::RouteConfig& route) {
  auto authority = TRY(open_authority(loaded, session));
  const auto rules = TRY(policy::AccessPolicy::make({*route.clients->allow, route.clients->deny}, "--allow"));
  const Status ready = ready_client(*authority, state, rules, session.clock().now());
  if (!ready && ready.error().code == Code::not_allowed_by_policy) return false;
  if (!ready) return std::unexpected(ready.error());
  return true;
}

Result<gateway::GatewayConfig> proxy_route(const ProxyOptions& options) {
  gateway::RouteConfig route;
  route.name = "proxy";
  route.listen = TRY(net::Endpoint::parse(options.listen));
  route.to.push_back(TRY(net::Endpoint::parse(options.to)));
  auto names = options.names;
  if (names.empty()) {
    names = {"localhost", "127.0.0.1", "::1"};
    const bool is_other =
        route.listen.kind == net::Endpoint::Kind::address || route.listen.kind == net::Endpoint::Kind::name;
    if (is_other && std::ranges::find(names, route.listen.host) == names.end()) names.push_back(route.listen.host);
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) == 0 && x509::GeneralName::dns(host)) names.emplace_back(host);
  }
  route.certificate = gateway::CertificateFromAuthority{std::move(names), "server"};
  route.clients.emplace().trust.push_back({});
  policy::AllowList allow;
  allow.any_verified = options.allow.empty();
  for (const std::string& rule : options.allow) allow.rules.push_back(TRY(policy::Rule::parse(rule)));
  route.clients->allow = std::move(allow);
  gateway::GatewayConfig config;
  config.routes.push_back(std::move(route));
  return config;
}

Status proxy(const ProxyOptions& options, const Session& session) {
  if (options.listen.empty() || options.to.empty())
    return fail(Code::usage, "both are needed: --listen ADDRESS:PORT --to HOST:PORT");
  const gateway::GatewayConfig gateway = TRY(proxy_route(options));
  Places places = session.default_places();
  if (!session.state_is_named() && !session.options().config) places = {Path("symbolon") / "symbolon.yaml", "symbolon"};
  std::error_code ignored;
  if (!std::filesystem::exists(authority::StateLayout{places.state}.ledger(), ignored))
    TRY(make_authority(places, session));
  LoadedConfiguration loaded{places.config, places.state, {}};
  const gateway::RouteConfig& route = gateway.routes.front();
  const bool has_client = TRY(make_client(places.state, session, loaded, route));
  loaded.content.gateway = gateway;
  const auto& names = std::get<gateway::CertificateFromAuthority>(*route.certificate).names;
  ServeOptions serving;
  serving.load = serving.load_again = serving.load_silently = [&loaded] { return Result<LoadedConfiguration>(loaded); };
  serving.keys = [&session](const LoadedConfiguration& own) { return keys_here(own, session); };
  serving.ready = [&](const Service& service) -> Status {
    const ShownProxy shown{places.state, names, service.gateway()->address_of("proxy")};
    const std::string how =
        has_client ? "try it:"
                   : "issue a certificate that --allow admits (`symbolon issue client NAME`), and try it in place of "
                     "client.crt:";
    session.terminal().note(how + "\n  " + curl_line(shown));
    return {};
  };
  return serve(serving, session);
}

}  // namespace

Command run_command() {
  auto options = std::make_shared<RunOptions>();
  Command command(
      "run", "Run what the configuration says, until SIGTERM: records on standard output, the log on standard error");
  command.option("--only ROLES", &options->only, "authority, gateway, or both with a comma")
      .values({"authority", "gateway"})
      .option("--insecure-one-process", &options->one_process,
              "all in one process: the gateway's memory then holds the CA's keys")
      .example("symbolon run", "")
      .example("symbolon run --config gateway.yaml --only gateway", "a gateway without an authority beside it")
      .action([options](Session& session) { return run(*options, session); });
  return command;
}

Command proxy_command() {
  auto options = std::make_shared<ProxyOptions>();
  Command command("proxy",
                  "Mutual TLS in front of a service at once, without a file: CA and certificates are made if absent");
  command.option("--listen ADDRESS:PORT", &options->listen, ":8443, 127.0.0.1:0, ...")
      .option("--to HOST:PORT", &options->to, "the service, or unix:PATH")
      .option("--name NAME", &options->names,
              "in the server's certificate; may be repeated (default: localhost and this machine)")
      .option("--allow RULE", &options->allow,
              "cn:NAME, dns:NAME, uri:PATTERN, ...; may be repeated (default: every client of this CA)")
      .example("symbolon proxy --listen :8443 --to 127.0.0.1:3000", "prints the curl line that gets in")
      .action([options](Session& session) { return proxy(*options, session); });
  return command;
}

}  // namespace symbolon::cli
