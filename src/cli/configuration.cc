#include "cli/configuration.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/file_access.h"
#include "base/log.h"
#include "cli/gateway_layout.h"
#include "enroll/authority_client.h"

namespace symbolon::cli {
std::vector<net::Endpoint> AuthoritySection::public_endpoints() const {
  std::vector<net::Endpoint> out;
  if (crl && crl->listen) out.push_back(*crl->listen);
  if (ocsp && ocsp->listen && (out.empty() || out.front() != *ocsp->listen)) out.push_back(*ocsp->listen);
  return out;
}

namespace {

// No two of them are the same one.
bool has_any_port(const net::Endpoint& endpoint) {
  return endpoint.kind != net::Endpoint::Kind::unix_path && endpoint.port == 0;
}

// A command has the state for as long as its call takes; several at once take turns.
constexpr std::chrono::seconds kLockWait{20};
constexpr std::chrono::milliseconds kLockPause{20};
constexpr std::string_view kPassphraseCredential = "issuing.passphrase";

config::Table<AuthoritySection> authority_table() {
  config::Table<AuthoritySection> table("authority", "The private CA.");
  table
      .optional("name", &AuthoritySection::name, config::string(),
                {"What it is called: the server name of its API, and in `status`.", "ca.example.internal"})
      .optional(
          "listen", &AuthoritySection::listen,
          config::parsed<net::Endpoint>("an endpoint such as 127.0.0.1:8440", net::Endpoint::parse),
          {"Where the API is served over mutual TLS, to admins and to whom `rights` names. The Unix socket in the "
           "state folder is always there.",
           "127.0.0.1:8440"})
      .optional(
          "key_passphrase_file", &AuthoritySection::key_passphrase_file, config::path(),
          {"Its first line opens the issuing keys, where `init --encrypt-issuing-key` encrypted them; mode 0600. A "
           "systemd credential `issuing.passphrase` goes before it; without both, it is asked for.",
           "/run/keys/issuing.passphrase"})
      .optional("backups", &AuthoritySection::backups, config::path(),
                {"The folder in which `symbolon ledger backup` may write while `symbolon run` runs, beside the state "
                 "folder: it can open no other.",
                 "/var/backups/symbolon"})
      .optional("profiles", &AuthoritySection::profiles, authority::profiles_value(),
                "Profiles beside the built-in ones, and changes to those.")
      .optional("rights", &AuthoritySection::rights, config::table(authority::rights_table()),
                "Who may do what over the API, beside admins.")
      .optional(
          "two_persons", &AuthoritySection::two_persons, config::boolean(),
          "Whether a changed profile, a new CA, a certificate with the role admin or approver, and one from another CA "
          "than the one in use need a second person: one asks, another with the role approver says `symbolon "
          "approve`.")
      .optional("own_records", &AuthoritySection::own_records, config::boolean(),
                "Whether whoever has a certificate of this authority, with a role or without, may ask over `listen` "
                "why the gateway here refused that very certificate (`symbolon check --own`).")
      .optional("crl", &AuthoritySection::crl, config::table(authority::crl_table()),
                "Publishes revocation lists, for programs that do not follow this authority. Without it, none is "
                "published; `symbolon crl` makes one when it is asked to.")
      .optional("ocsp", &AuthoritySection::ocsp, config::table(authority::ocsp_table()),
                "Answers by OCSP whether certificates are revoked. Without it, nobody is answered.")
      .check(
          [](const AuthoritySection& section) -> Status {
            if (!section.listen || has_any_port(*section.listen)) return {};
            if (std::ranges::count(section.public_endpoints(), *section.listen) == 0) return {};
            return fail(Code::config_bad_value, "CRLs or OCSP have the address of `listen`: {}",
                        section.listen->text());
          },
          "crl")
      .check(
          [](const AuthoritySection& section) -> Status {
            if (!section.ocsp || section.ocsp->listen || (section.crl && section.crl->listen)) return {};
            return fail(Code::config_bad_value, "it says neither `listen`, nor is there `crl.listen`");
          },
          "ocsp");
  return table;
}

// Both would be bound, and the second one in vain.
Status check_addresses(const Configuration& content) {
  if (!content.metrics || !content.authority) return {};
  const net::Endpoint& metrics = content.metrics->endpoint();
  if (has_any_port(metrics)) return {};
  if (content.authority->listen != metrics && std::ranges::count(content.authority->public_endpoints(), metrics) == 0)
    return {};
  return fail(Code::config_bad_value, "`metrics` has the address of `authority`: {}", metrics.text());
}

Status check_one_authority(const Configuration& configuration) {
  if (!configuration.authority || !configuration.gateway || !configuration.gateway->authority) return {};
  return fail_at(configuration.gateway->authority->place.text(), Code::config_bad_value,
                 "`gateway.authority` names an authority elsewhere, and `authority` runs one here");
}

// The first error is returned; the others go to `other`.
Result<LoadedConfiguration> load(const Session& session, const std::function<void(const config::Warning&)>& warn,
                                 const std::function<void(const Error&)>& other) {
  const Places places = session.default_places();
  std::error_code problem;
  if (!std::filesystem::exists(places.config, problem)) {
    if (problem) return fail_at(places.config.string(), Code::file_unreadable, "{}", problem.message());
    if (session.options().config) return fail_at(places.config.string(), Code::config_missing, "there is no such file");
    return fail_at(places.config.string(), Code::config_missing, "there is no configuration here");
  }
  auto text = TRY(read_file(places.config, config::kLargestText));
  auto loaded = config::load(text, places.config.string(), configuration_table());
  for (const config::Warning& warning : loaded.warnings) warn(warning);
  if (!loaded.errors.empty()) {
    for (std::size_t i = 1; i < loaded.errors.size(); ++i) other(loaded.errors[i]);
    return std::unexpected(config::first_of(loaded.errors));
  }
  ENSURE(loaded.value.has_value());
  LoadedConfiguration out{places.config, places.state, std::move(*loaded.value), std::move(loaded.paths),
                          std::move(text)};
  if (!session.state_is_named() && out.content.state) out.state = *out.content.state;
  return out;
}

}  // namespace

config::Table<Configuration> configuration_table() {
  config::Table<Configuration> table("", "One file for every role; a key means the same everywhere.");
  table
      .optional("state", &Configuration::state, config::path(),
                {"The state folder: ledger, keys, socket. Default: the folder of this file.", "/var/lib/symbolon"})
      .optional("user", &Configuration::user, config::string(),
                {"Whom authority and gateway run as when `symbolon run` is started by root; the state folder must be "
                 "theirs. The signer becomes NAME-signer where such a user exists. Default: whom the state belongs to.",
                 "symbolon"})
      .optional("insecure_no_sandbox", &Configuration::insecure_no_sandbox, config::boolean(),
                "Landlock and seccomp stay off: who breaks into a process may do what its user may.")
      .optional("authority", &Configuration::authority, config::table(authority_table()),
                "The private CA. Without it, `symbolon run` runs none.")
      .optional("gateway", &Configuration::gateway, config::table(gateway::gateway_table()),
                "Mutual TLS in front of services.")
      .check(check_one_authority, "gateway")
      .optional("metrics", &Configuration::metrics, config::table(watch::metrics_table()),
                "Figures for Prometheus, and health.")
      .check(check_addresses, "metrics");
  return table;
}

Result<LoadedConfiguration> load_configuration(const Session& session) {
  return load(
      session, [&](const config::Warning& warning) { session.terminal().warn(warning.text()); },
      [&](const Error& error) { session.terminal().error_line(error); });
}

Result<LoadedConfiguration> load_configuration_again(const Session& session) {
  return load(
      session, [](const config::Warning& warning) { log(LogLevel::warning, warning.text()); },
      [](const Error& error) { log(LogLevel::error, error); });
}

Result<LoadedConfiguration> load_configuration_silently(const Session& session) {
  return load(session, [](const config::Warning&) {}, [](const Error&) {});
}

std::vector<Path> files_of(const LoadedConfiguration& loaded) {
  std::vector<Path> out = {loaded.file, authority::StateLayout{loaded.state}.anchors()};
  if (!loaded.content.gateway) return out;
  const auto more = gateway::files_of(*loaded.content.gateway);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Result<Path> find_state(const Session& session) {
  const Places places = session.default_places();
  std::error_code ignored;
  if (std::filesystem::exists(places.config, ignored)) return TRY(load_configuration(session)).state;
  for (const char* const file : {"root.crt", "anchors.crt"}) {
    if (std::filesystem::exists(places.state / file, ignored)) return places.state;
  }
  return fail_at(places.state.string(), Code::state_missing, "there is no authority here");
}

authority::AskPassphrase issuing_passphrase(const LoadedConfiguration& loaded, const Session& session) {
  const auto& section = loaded.content.authority;
  const std::optional<Path> configured = section ? section->key_passphrase_file : std::nullopt;
  return [configured, &session](const Path& key) -> Result<Secret> {
    const auto file = credential_file(kPassphraseCredential);
    const std::optional<Path>& first = file ? file : configured;
    const auto named = first ? std::optional(first->string()) : std::nullopt;
    return session.passphrase(named, fmt::format("The passphrase of {}", key.string()));
  };
}

KeyFiles key_files(const LoadedConfiguration& loaded, const Session& session) {
  const authority::AskPassphrase ask = authority::asked_once(issuing_passphrase(loaded, session));
  return {.ask = ask,
          .issuing = authority::keys_in_files({loaded.state}, ask),
          .heads = authority::head_key_in_files({loaded.state}, ask)};
}

AuthorityKeys keys_here(const LoadedConfiguration& loaded, const Session& session) {
  KeyFiles files = key_files(loaded, session);
  return {.source = std::move(files.issuing), .head_key = std::move(files.heads)};
}

namespace {

authority::AuthorityOptions options_of(const LoadedConfiguration& loaded) {
  authority::AuthorityOptions options;
  options.state = loaded.state;
  if (loaded.content.authority) options.name = loaded.content.authority->name;
  if (loaded.content.authority) options.profiles = loaded.content.authority->profiles;
  if (loaded.content.authority) options.rights = loaded.content.authority->rights;
  if (loaded.content.authority) options.crl = loaded.content.authority->crl;
  if (loaded.content.authority) options.ocsp = loaded.content.authority->ocsp;
  if (loaded.content.authority && loaded.content.authority->two_persons) {
    options.two_persons = authority::TwoPersons::needed;
  }
  return options;
}

Result<std::unique_ptr<authority::Authority>> open_with(const authority::AuthorityOptions& options,
                                                        const Clock& clock) {
  const Path socket = authority::StateLayout{options.state}.socket();
  const auto last = std::chrono::steady_clock::now() + kLockWait;
  while (true) {
    auto opened = authority::Authority::open(options, clock);
    if (opened || opened.error().code != Code::state_locked) return opened;
    if (std::chrono::steady_clock::now() >= last || enroll::AuthorityClient::over_unix(socket)) return opened;
    std::this_thread::sleep_for(kLockPause);
  }
}

}  // namespace

Result<std::unique_ptr<authority::Authority>> open_authority(const LoadedConfiguration& loaded,
                                                             const Session& session) {
  auto options = options_of(loaded);
  KeyFiles files = key_files(loaded, session);
  options.ask_passphrase = std::move(files.ask);
  options.keys = std::move(files.issuing);
  options.head_key = std::move(files.heads);
  options.journal = GatewayLayout{loaded.state}.revocations();
  return open_with(options, session.clock());
}

Result<std::unique_ptr<authority::Authority>> open_authority(const LoadedConfiguration& loaded, AuthorityKeys keys,
                                                             const Clock& clock) {
  auto options = options_of(loaded);
  options.keys = std::move(keys.source);
  options.on_new_key = std::move(keys.on_new);
  options.keys_are_encrypted = std::move(keys.are_encrypted);
  options.sign_crl = std::move(keys.sign_crl);
  options.ocsp_signer = std::move(keys.ocsp_signer);
  options.head_key = std::move(keys.head_key);
  options.head_signer = std::move(keys.head_signer);
  if (options.on_new_key && !loaded.content.insecure_no_sandbox) {  // a process of its own, and confined
    options.backups.push_back(loaded.state);
    const auto& section = loaded.content.authority;
    if (section && section->backups) options.backups.push_back(*section->backups);
  }
  if (!options.on_new_key) options.journal = GatewayLayout{loaded.state}.revocations();  // one process for everything
  return open_with(options, clock);
}

}  // namespace symbolon::cli
