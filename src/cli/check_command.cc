// check: what happens at an endpoint, and why.
#include <memory>

#include "check/probe.h"
#include "check/report.h"
#include "cli/both_ends.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace symbolon::cli {
namespace {

struct CheckOptions {
  std::string endpoint;
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  std::optional<std::string> ca;
  std::optional<std::string> server_name;
  bool http = false;
  OtherEnd other_end;
};

std::optional<Path> as_path(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Path(*text);
}

Status check(const CheckOptions& options, Session& session) {
  const OwnCertificate shown{as_path(options.certificate), as_path(options.key)};
  if (options.endpoint.empty() && options.other_end.is_asked()) {
    const Status done = show_records(options.other_end, shown, session);
    return done ? done : fail_looking_up(done.error(), session);
  }
  if (options.endpoint.empty()) return fail(Code::usage, "ENDPOINT is required, or --id, or --own");
  const check::ProbeRequest request =
      TRY(check::read_arguments({.endpoint = options.endpoint,
                                 .certificate = as_path(options.certificate),
                                 .key = as_path(options.key),
                                 .ca = as_path(options.ca),
                                 .server_name = options.server_name,
                                 .ask = options.http ? check::Ask::http : check::Ask::nothing},
                                session.clock().now()));
  BothEnds other_end(options.other_end, shown, session);
  if (const Status asked = other_end.ask(); !asked) return fail_looking_up(asked.error(), session);
  const check::Observation observation = check::probe(request, session.clock());
  const check::Report report = check::diagnose(observation);
  std::string text = session.json() ? check::to_json(observation, report) : check::to_text(observation, report);
  const Status added = other_end.add_to(text, report);
  session.terminal().print(std::string_view(text).substr(0, text.size() - 1));
  session.exit_with(report.exit_code());
  return added ? added : fail_looking_up(added.error(), session);
}

}  // namespace

Command check_command() {
  auto options = std::make_shared<CheckOptions>();
  Command command("check", "Say what happens at a TLS endpoint, whose fault it is, and what mends it");
  command.optional_argument("ENDPOINT", &options->endpoint, "HOST:PORT of any TLS server, or unix:PATH")
      .option("--cert FILE", &options->certificate, "the client's certificate, PEM, its chain behind it")
      .option("--key FILE", &options->key, "its key (default: in --cert's file)")
      .option("--ca FILE", &options->ca,
              "the CAs that the server's certificate is checked against (default: the system's)")
      .option("--server-name NAME", &options->server_name, "asked for and expected (default: HOST)")
      .option("--http", &options->http, "ask for / over HTTP: only an answer proves that the certificate was accepted")
      .option(
          "--id ID", &options->other_end.id,
          "with what our gateway recorded of a refusal under this id: the one here, or beside the --authority (roles "
          "admin and auditor)")
      .option("--own", &options->other_end.own,
              "with what the gateway beside the --authority recorded of its refusals of this very certificate (--cert, "
              "else --authority-cert), where `authority.own_records` is set")
      .example("symbolon check --id 7Q4M", "why was the connection of this record refused?")
      .example("symbolon check web.example:443", "does it ask for a client certificate, and of which CAs?")
      .example("symbolon check web.example:443 --cert me.crt --key me.key --ca root.crt --http", "does mine get in?")
      .action([options](Session& session) { return check(*options, session); });
  return command;
}

}  // namespace symbolon::cli
