// check: what happens at an endpoint, and why.
#include <memory>

#include "check/probe.h"
#include "check/report.h"
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
  std::optional<std::string> version;
  std::vector<std::string> protocols;
  bool http = false;
};

std::optional<Path> as_path(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Path(*text);
}

Status check(const CheckOptions& options, Session& session) {
  const Result<check::ProbeRequest> request =
      check::read_arguments({.endpoint = options.endpoint,
                             .certificate = as_path(options.certificate),
                             .key = as_path(options.key),
                             .ca = as_path(options.ca),
                             .server_name = options.server_name,
                             .ask = options.http ? check::Ask::http : check::Ask::nothing,
                             .version = options.version,
                             .protocols = options.protocols},
                            session.clock().now());
  if (!request) {  // whatever is wrong with what was given: 1 and 3 say something about the endpoint
    session.terminal().error(request.error());
    session.exit_with(row(Code::usage).exit_code);
    return {};
  }
  const check::Observation observation = check::probe(*request, session.clock());
  const check::Report report = check::diagnose(observation);
  const std::string text = session.json() ? check::to_json(observation, report) : check::to_text(observation, report);
  session.terminal().print(std::string_view(text).substr(0, text.size() - 1));
  session.exit_with(report.exit_code());
  return {};
}

}  // namespace

Command check_command() {
  auto options = std::make_shared<CheckOptions>();
  Command command("check", "Say what happens at a TLS endpoint, whose fault it is, and what mends it");
  command.argument("ENDPOINT", &options->endpoint, "HOST:PORT of any TLS server, or unix:PATH")
      .option("--cert FILE", &options->certificate, "the client's certificate, PEM, its chain behind it")
      .option("--key FILE", &options->key, "its key (default: in --cert's file)")
      .option("--ca FILE", &options->ca,
              "the CAs that the server's certificate is checked against (default: the system's)")
      .option("--server-name NAME", &options->server_name, "asked for and expected (default: HOST)")
      .option("--tls VERSION", &options->version, "1.2 or 1.3: the only version that the client speaks (default: both)")
      .values({"1.2", "1.3"})
      .option("--alpn PROTOCOL", &options->protocols, "offer this application protocol (ALPN); may be repeated")
      .option("--http", &options->http, "ask for / over HTTP: only an answer proves that the certificate was accepted")
      .example("symbolon check web.example:443", "does it ask for a client certificate, and of which CAs?")
      .example("symbolon check web.example:443 --cert me.crt --key me.key --ca root.crt --http", "does mine get in?")
      .details(
          "Connects as a client would, and again where that decides between causes: with other versions, suites and "
          "sizes, without the certificate, without the server name. Nothing is sent but handshakes and, with --http, "
          "GET /. Exit status: 0 sound, 1 something was found that is to be mended, 2 the command line or a file that "
          "it names cannot be used, 3 the endpoint was not reached.")
      .action([options](Session& session) { return check(*options, session); });
  return command;
}

}  // namespace symbolon::cli
