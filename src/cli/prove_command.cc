// prove, prove-kit: is an endpoint really mutual? What must not get in is shown to it, and what it does is judged.
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/session.h"
#include "prove/arguments.h"
#include "prove/cases.h"
#include "prove/report.h"

namespace symbolon::cli {
namespace {

struct ProveOptions {
  std::string endpoint;
  std::optional<std::string> kit;
  std::optional<std::string> server_name;
  std::optional<std::string> host_header;
  std::optional<std::string> ca;
  std::optional<std::string> ca_key;
  std::optional<std::string> passphrase_file;
  std::optional<std::string> life;
  std::optional<std::string> path;
  std::optional<std::string> send;
  std::optional<std::string> echo_path;
  std::vector<std::string> identity_headers;
  std::optional<std::string> revoke_command;
  bool revoked = false;
  std::vector<std::string> only;
  std::optional<std::string> junit;
  bool list = false;
  bool i_own_this = false;
};

std::optional<Path> as_path(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Path(*text);
}

// The reports end with a line break, which the terminal adds itself.
std::string_view without_end(std::string_view text) { return text.substr(0, text.size() - 1); }

Result<Secret> key_passphrase(const std::string& key, const std::optional<std::string>& file, const Session& session) {
  const Secret pem = TRY(read_private_file(key));
  if (!crypto::is_encrypted_key(pem.reveal())) return Secret();
  return session.passphrase(file, fmt::format("The passphrase of {}", key));
}

// Whoever does this to somebody else's endpoint attacks it.
Status confirm(const ProveOptions& options, const Session& session) {
  const auto endpoint = TRY(prove::read_endpoint(options.endpoint));
  if (options.i_own_this || prove::is_here(endpoint)) return {};
  const std::string what = fmt::format(
      "{} is not this machine. `prove` shows it dozens of wrong certificates, old sessions "
      "and forged headers on purpose, and its log will be full of them",
      endpoint.text());
  if (!session.terminal().can_ask()) return fail(Code::usage, "{}: say --i-own-this if the endpoint is yours", what);
  session.terminal().note(what + ". Is it yours? Type yes:");
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "yes") return fail(Code::usage, "the answer was not yes: nothing was done");
  return {};
}

Result<prove::Plan> plan_of(const ProveOptions& options, const Session& session) {
  if (options.endpoint.empty()) return fail(Code::usage, "name an endpoint: HOST:PORT");
  if (!options.kit) return fail(Code::usage, "--kit DIR is needed; `symbolon prove-kit` makes one");
  prove::Arguments arguments{.endpoint = options.endpoint, .kit = *options.kit};
  arguments.server_name = options.server_name;
  arguments.other_name = options.host_header;
  arguments.ca = as_path(options.ca);
  arguments.ca_key = as_path(options.ca_key);
  if (options.ca_key) arguments.passphrase = TRY(key_passphrase(*options.ca_key, options.passphrase_file, session));
  arguments.life = options.life;
  arguments.path = options.path;
  arguments.text = options.send;
  arguments.echo_path = options.echo_path;
  arguments.identity_headers = options.identity_headers;
  arguments.revoke_command = options.revoke_command;
  arguments.revoked = options.revoked;
  arguments.only = options.only;
  auto plan = TRY(prove::read_plan(arguments, session.clock().now()));
  TRY(confirm(options, session));
  return plan;
}

Status run_prove(const ProveOptions& options, const prove::Plan& plan, Session& session) {
  const prove::Proof proof = prove::prove(plan, session.clock());
  session.terminal().end_progress();
  session.terminal().print(without_end(session.json() ? prove::to_json(proof) : prove::to_text(proof)));
  session.exit_with(proof.exit_status());
  if (!options.junit) return {};
  return write_file(*options.junit, prove::to_junit(proof), {.existing = Existing::replace});
}

// 1 means that the endpoint failed and 3 that it cannot be reached: whatever stops us before is 2.
Status prove_endpoint(const ProveOptions& options, Session& session) {
  if (options.list) {
    session.terminal().print(without_end(session.json() ? prove::cases_json() : prove::cases_text()));
    return {};
  }
  auto plan = plan_of(options, session);
  if (plan) {
    const std::size_t count = options.only.empty() ? prove::all_cases().size() : options.only.size();
    std::size_t done = 0;
    plan->before_case = [&session, count, &done](std::string_view id) {
      session.terminal().progress(id, static_cast<std::int64_t>(done++), static_cast<std::int64_t>(count));
    };
    const Status ran = run_prove(options, *plan, session);
    if (ran) return {};
    session.terminal().error(ran.error());
  } else {
    session.terminal().error(plan.error());
  }
  session.exit_with(prove::kUsageStatus);
  return {};
}

struct KitCommandOptions {
  std::string ca_certificate;
  std::string ca_key;
  std::optional<std::string> passphrase_file;
  std::string out = "prove-kit";
  std::string subject = "CN=prove-kit client";
  std::vector<std::string> names;
  bool force = false;
};

void say_what_was_made(const KitCommandOptions& options, const prove::KitContent& content, Session& session) {
  std::vector<std::vector<std::string>> rows;
  for (const prove::KitMember& member : content.members) {
    rows.push_back({member.id + ".crt", to_rfc3339(member.chain.front().validity().not_after), member.purpose});
  }
  session.terminal().table({"file", "ends", "what it is"}, rows);
  for (const prove::KitOmission& one : content.omissions) {
    session.terminal().warn(fmt::format("no {}: {}", one.id, one.reason));
  }
  session.terminal().note(
      "To prove revocation, too, revoke revoked.crt when `symbolon prove --revoke-command` or you say so:");
  session.terminal().note("  " + prove::how_to_revoke(options.out));
  session.terminal().note(
      "For an authority of symbolon's: put a certificate and key of `symbolon issue` in place of revoked.crt "
      "and revoked.key, then `symbolon revoke` it.");
}

Status make_kit(const KitCommandOptions& options, Session& session) {
  if (options.ca_certificate.empty() || options.ca_key.empty()) {
    return fail(Code::usage, "--ca-cert FILE and --ca-key FILE are needed: a CA that the endpoint trusts");
  }
  prove::KitIdentity identity;
  identity.subject = TRY(x509::DistinguishedName::parse(options.subject));
  for (const std::string& name : options.names) identity.names.push_back(TRY(x509::GeneralName::parse(name)));
  const std::string certificates = TRY(read_file(options.ca_certificate));
  const Secret passphrase = TRY(key_passphrase(options.ca_key, options.passphrase_file, session));
  const Secret key = TRY(read_private_file(options.ca_key));
  const UnixSeconds now = session.clock().now();
  const auto ca = TRY(prove::KitCa::open(certificates, options.ca_certificate, key, passphrase, now));
  const auto content = TRY(prove::make_kit(ca, identity, now));
  TRY(prove::write_kit(options.out, ca, content, now, options.force ? Existing::replace : Existing::keep));
  if (session.json()) {
    const std::string about = TRY(read_file(Path(options.out) / "kit.json"));
    session.terminal().print(without_end(about));
    return {};
  }
  say_what_was_made(options, content, session);
  return {};
}

}  // namespace

Command prove_command() {
  auto options = std::make_shared<ProveOptions>();
  Command command("prove",
                  "Is an endpoint really mutual? Show it what must not get in (only to endpoints of your own)");
  command
      .optional_argument("ENDPOINT", &options->endpoint, "HOST:PORT of a TLS server that demands client certificates")
      .option("--kit DIR", &options->kit, "the certificates, as `symbolon prove-kit` made them")
      .option("--server-name NAME", &options->server_name, "for SNI and Host (default: HOST)")
      .option("--host-header NAME", &options->host_header,
              "another name of the endpoint, for SNI and Host that disagree (default: one that nobody has)")
      .option("--ca FILE", &options->ca,
              "the CAs by which the server's certificate is verified first (default: it is not)")
      .option("--ca-key FILE", &options->ca_key,
              "the key of the kit's CA, to make a client that ends while it is watched")
      .option("--passphrase-file FILE", &options->passphrase_file, "opens --ca-key (default: asked for)")
      .option("--life SPAN", &options->life, "of that client (default: 20s)")
      .option("--path PATH", &options->path, "asked for in HTTP (default: /)")
      .option("--send TEXT", &options->send, "sent instead of HTTP, for services that answer to it: \"PING\\r\\n\"")
      .option("--echo-path PATH", &options->echo_path,
              "a path whose answer shows the headers that the service gets, or what it knows of the client")
      .option("--identity-header NAME", &options->identity_headers,
              "a header that the service believes; may be repeated (default: those that --echo-path shows)")
      .option("--revoked", &options->revoked, "revoked.crt of the kit is revoked already")
      .option("--revoke-command COMMAND", &options->revoke_command,
              "revokes revoked.crt when it is time; run by /bin/sh, with CERTIFICATE (its file) and SERIAL")
      .option("--only CASE", &options->only, "this case; may be repeated")
      .option("--junit FILE", &options->junit, "write the result as JUnit XML, too")
      .option("--list", &options->list, "list the cases, and connect to nothing")
      .option("--i-own-this", &options->i_own_this, "do not ask whether the endpoint is yours")
      .details(
          "The suite misuses the endpoint on purpose. Run it against endpoints of your own only; it asks before any "
          "that is "
          "not on this machine. The good client must get in first, or nothing can be said.\n\nExit status: 0 every "
          "case that "
          "was run passed, 1 one did not, 2 it could not begin, 3 the endpoint cannot be reached.")
      .example("symbolon prove-kit --ca-cert ca.crt --ca-key ca.key", "the certificates, into ./prove-kit")
      .example("symbolon prove localhost:8443 --kit prove-kit --ca-key ca.key", "is it mutual?")
      .example("symbolon prove web.example:443 --kit prove-kit --i-own-this --junit prove.xml", "in a pipeline")
      .action([options](Session& session) { return prove_endpoint(*options, session); });
  return command;
}

Command prove_kit_command() {
  auto options = std::make_shared<KitCommandOptions>();
  Command command("prove-kit",
                  "Make the right and the wrong certificates that `symbolon prove` shows, from a CA of yours");
  command
      .option("--ca-cert FILE", &options->ca_certificate,
              "a CA that the endpoint trusts, PEM; those above it beside it")
      .option("--ca-key FILE", &options->ca_key, "its key")
      .option("--passphrase-file FILE", &options->passphrase_file, "opens the key (default: asked for)")
      .option("--out DIR", &options->out, "where the kit goes (default: prove-kit)")
      .option("--subject DN", &options->subject, "whom the clients call themselves (default: CN=prove-kit client)")
      .option("--name NAME", &options->names,
              "a subjectAltName of the clients, where the endpoint admits by name; may be repeated")
      .option("--force", &options->force, "replace a kit that is there")
      .details(
          "Certificates that get in for 30 days, unless the CA ends before, and keys without a passphrase: delete the "
          "kit "
          "when it is not needed. They are signed past the ledger of an authority.")
      .example("symbolon prove-kit --ca-cert ca.crt --ca-key ca.key --name client.example", "")
      .action([options](Session& session) { return make_kit(*options, session); });
  return command;
}

}  // namespace symbolon::cli
