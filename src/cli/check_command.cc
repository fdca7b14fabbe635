// check: what happens at an endpoint, and why.
#include <memory>

#include "check/file_argument.h"
#include "check/probe.h"
#include "check/report.h"
#include "cli/check_files.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace symbolon::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> what;
  std::optional<std::string> passphrase_file;
  std::optional<std::string> certificate;
  std::optional<std::string> key;
  std::optional<std::string> ca;
  std::optional<std::string> server_name;
  bool http = false;
};

std::optional<Path> as_path(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Path(*text);
}

// What opens the client's key: named, or asked for where it turns out to be needed.
Result<check::ProbeRequest> read_request(check::ProbeArguments arguments, const CheckOptions& options,
                                         const Session& session) {
  const UnixSeconds now = session.clock().now();
  if (options.passphrase_file) arguments.passphrase = TRY(session.passphrase(options.passphrase_file, {}));
  auto request = check::read_arguments(arguments, now);
  const bool needed = !request && request.error().code == Code::passphrase_needed;
  if (!needed || options.passphrase_file || !session.terminal().can_ask()) return request;
  arguments.passphrase = TRY(session.passphrase({}, "The passphrase of the client's key"));
  return check::read_arguments(arguments, now);
}

Status check(const CheckOptions& options, Session& session) {
  const check::Arguments sorted = TRY(check::sort_arguments(options.what));
  for (const std::string& one : sorted.ambiguous) {
    session.terminal().warn(
        fmt::format("{} is a file here, and explained as one; as an endpoint, name it from another "
                    "folder",
                    one));
  }
  if (sorted.taken == check::Taken::file) {
    if (options.certificate || options.key || options.server_name || options.http) {
      return fail(Code::usage,
                  "--cert, --key, --server-name and --http go with an endpoint; name these files beside "
                  "the others");
    }
    return check_files({.files = options.what, .ca = options.ca, .passphrase_file = options.passphrase_file}, session);
  }
  const check::ProbeRequest request = TRY(read_request({.endpoint = options.what.front(),
                                                        .certificate = as_path(options.certificate),
                                                        .key = as_path(options.key),
                                                        .ca = as_path(options.ca),
                                                        .server_name = options.server_name,
                                                        .ask = options.http ? check::Ask::http : check::Ask::nothing},
                                                       options, session));
  const check::Observation observation = check::probe(request, session.clock());
  const check::Report report = check::diagnose(observation);
  const std::string text = session.json() ? check::to_json(observation, report) : check::to_text(observation, report);
  session.terminal().print(std::string_view(text).substr(0, text.size() - 1));
  session.exit_with(report.exit_code());
  return {};
}

}  // namespace

Command check_command() {
  auto options = std::make_shared<CheckOptions>();
  Command command("check",
                  "Say what happens at a TLS endpoint, or what files hold, whose fault it is, and what mends it");
  command
      .argument("WHAT", &options->what,
                "HOST:PORT of any TLS server, or unix:PATH; or files: certificates, requests, CRLs, keys")
      .option("--cert FILE", &options->certificate,
              "the client's certificate, PEM with its chain behind it, or PKCS#12")
      .option("--key FILE", &options->key, "its key (default: in --cert's file)")
      .option("--passphrase-file FILE", &options->passphrase_file,
              "opens the key or PKCS#12 (default: asked for where it is needed)")
      .option("--ca FILE", &options->ca,
              "the CAs that the server's certificate is checked against (default: the system's)")
      .option("--server-name NAME", &options->server_name, "asked for and expected (default: HOST)")
      .option("--http", &options->http, "ask for / over HTTP: only an answer proves that the certificate was accepted")
      .example("symbolon check web.example:443", "does it ask for a client certificate, and of which CAs?")
      .example("symbolon check web.example:443 --cert me.crt --key me.key --ca root.crt --http", "does mine get in?")
      .example("symbolon check web.crt web.key chain.pem", "do they belong together, and what is wrong with them?")
      .action([options](Session& session) { return check(*options, session); });
  return command;
}

}  // namespace symbolon::cli
