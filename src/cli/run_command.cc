// run and proxy: the only commands that start something that stays.
#include <unistd.h>

#include <memory>

#include "authority/init.h"
#include "base/log.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "cli/service.h"
#include "crypto/digest.h"
#include "x509/request.h"

namespace symbolon::cli {
namespace {

Status serve(const LoadedConfiguration& loaded, Roles roles, const Session& session,
             const std::function<void(const Service&)>& ready) {
  block_stop_signals();
  start_log({.least = LogLevel::info, .form = ::isatty(STDERR_FILENO) == 1 ? LogForm::text : LogForm::json});
  const auto service = TRY(Service::start(loaded, roles, session.clock()));
  for (const std::string& line : service->started()) log(LogLevel::info, line);
  for (const std::string& line : service->warnings()) log(LogLevel::warning, line);
  log(LogLevel::info, "ready");
  if (ready) ready(*service);
  await_stop();
  log(LogLevel::info, "stopping");
  return {};
}

struct RunOptions {
  std::optional<std::string> only;
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

Status run(const RunOptions& options, const Session& session) {
  const Roles roles = TRY(roles_of(options));
  return serve(TRY(load_configuration(session)), roles, session, nullptr);
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

// state/client.crt and client.key, for the curl line.
Status make_client(const Path& state, const Session& session, const LoadedConfiguration& loaded) {
  std::error_code ignored;
  if (std::filesystem::exists(state / "client.crt", ignored)) return {};
  auto authority = TRY(open_authority(loaded, session.clock()));
  const auto key = TRY(crypto::PrivateKey::generate(crypto::KeyType::p256));
  api::IssueRequest request;
  request.profile = "client";
  request.csr = TRY(x509::make_request(key, {}, {})).pem();
  request.names = {"client"};
  const api::IssueAnswer answer = TRY(authority->issue(request, "symbolon proxy"));
  TRY(write_file(state / "client.key", TRY(key.to_pem()).reveal(), {.mode = 0600, .existing = Existing::replace}));
  return write_file(state / "client.crt", answer.certificate + answer.chain,
                    {.mode = 0644, .existing = Existing::replace});
}

Result<gateway::GatewayConfig> proxy_route(const ProxyOptions& options) {
  gateway::RouteConfig route;
  route.name = "proxy";
  route.listen = TRY(net::Endpoint::parse(options.listen));
  route.to = TRY(net::Endpoint::parse(options.to));
  auto names = options.names;
  if (names.empty()) {
    names = {"localhost", "127.0.0.1", "::1"};
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) == 0 && x509::GeneralName::dns(host)) names.emplace_back(host);
  }
  route.certificate = gateway::CertificateFromAuthority{std::move(names)};
  route.clients.trust.push_back({});
  policy::AllowList allow;
  allow.any_verified = options.allow.empty();
  for (const std::string& rule : options.allow) allow.rules.push_back(TRY(policy::Rule::parse(rule)));
  route.clients.allow = std::move(allow);
  gateway::GatewayConfig config;
  config.routes.push_back(std::move(route));
  return config;
}

std::string curl_line(const Path& state, const net::Endpoint& bound) {
  return fmt::format("curl --cacert {0}/root.crt --cert {0}/client.crt --key {0}/client.key https://localhost:{1}/",
                     state.string(), bound.port);
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
  TRY(make_client(places.state, session, loaded));
  loaded.content.gateway = gateway;
  return serve(loaded, Roles{}, session, [&](const Service& service) {
    session.terminal().note("try it:\n  " + curl_line(places.state, service.gateway()->address_of("proxy")));
  });
}

}  // namespace

Command run_command() {
  auto options = std::make_shared<RunOptions>();
  Command command(
      "run", "Run what the configuration says, until SIGTERM: records on standard output, the log on standard error");
  command.option("--only ROLES", &options->only, "authority, gateway, or both with a comma")
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
