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
  bool http = false;
  std::optional<std::string> starttls;
  std::optional<std::string> proxy;
  std::optional<std::string> proxy_credentials;
  std::optional<std::string> proxy_protocol;
};

std::optional<Path> as_path(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return Path(*text);
}

check::WayArguments way_of(const CheckOptions& options) {
  return {.proxy = options.proxy,
          .proxy_credentials = as_path(options.proxy_credentials),
          .proxy_protocol = options.proxy_protocol,
          .starttls = options.starttls};
}

Status check(const CheckOptions& options, Session& session) {
  const check::ProbeRequest request =
      TRY(check::read_arguments({.endpoint = options.endpoint,
                                 .certificate = as_path(options.certificate),
                                 .key = as_path(options.key),
                                 .ca = as_path(options.ca),
                                 .server_name = options.server_name,
                                 .ask = options.http ? check::Ask::http : check::Ask::nothing,
                                 .way = way_of(options)},
                                session.clock().now()));
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
  Command command("check", "Say what happens at a TLS endpoint, whose fault it is, and what mends it");
  command.argument("ENDPOINT", &options->endpoint, "HOST:PORT of any TLS server, or unix:PATH")
      .option("--cert FILE", &options->certificate, "the client's certificate, PEM, its chain behind it")
      .option("--key FILE", &options->key, "its key (default: in --cert's file)")
      .option("--ca FILE", &options->ca,
              "the CAs that the server's certificate is checked against (default: the system's)")
      .option("--server-name NAME", &options->server_name, "asked for and expected (default: HOST)")
      .option("--http", &options->http, "ask for / over HTTP: only an answer proves that the certificate was accepted")
      .option("--starttls PROTOCOL", &options->starttls,
              "change to TLS as this protocol does (it has its default port): smtp, imap, pop3, ldap, xmpp, "
              "xmpp-server, postgres, mysql, ftp")
      .values(check::starttls_names())
      .option("--proxy URL", &options->proxy,
              "on the way: http://HOST:PORT (it takes CONNECT) or socks5://HOST:PORT, which resolves HOST of the "
              "endpoint")
      .option("--proxy-credentials FILE", &options->proxy_credentials,
              "for the proxy: a file that only you can read, with user:password in its one line")
      .option("--proxy-protocol VERSION", &options->proxy_protocol,
              "send a PROXY protocol header first, with this machine's addresses: v1 or v2")
      .values({"v1", "v2"})
      .example("symbolon check web.example:443", "does it ask for a client certificate, and of which CAs?")
      .example("symbolon check web.example:443 --cert me.crt --key me.key --ca root.crt --http", "does mine get in?")
      .example("symbolon check mail.example --starttls smtp", "and a mail server, on port 25?")
      .example("symbolon check db.internal:5432 --starttls postgres --proxy socks5://127.0.0.1:1080",
               "a database behind a proxy")
      .action([options](Session& session) { return check(*options, session); });
  return command;
}

}  // namespace symbolon::cli
