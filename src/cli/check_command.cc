// check: what happens at an endpoint, or what files hold, and why.
#include <memory>

#include "check/file_argument.h"
#include "check/starttls.h"
#include "cli/check_endpoint.h"
#include "cli/check_files.h"
#include "cli/commands.h"

namespace symbolon::cli {
namespace {

struct CheckOptions {
  std::vector<std::string> what;
  CheckEndpoint endpoint;
};

Status refuse_what_goes_with_endpoints(const CheckEndpoint& options) {
  const bool client = options.certificate || options.key || options.http || options.server_name || options.version;
  const bool way = options.starttls || options.proxy || options.proxy_protocol || options.proxy_credentials;
  if (!client && !way && !options.html && options.protocols.empty() && !options.other_end.is_asked()) return {};
  return fail(
      Code::usage,
      "with files only --ca and --passphrase-file have a meaning; name a certificate and its key as files, too");
}

Status check(const CheckOptions& options, Session& session) {
  if (options.what.empty() && options.endpoint.other_end.is_asked()) return check_records(options.endpoint, session);
  if (options.what.empty()) return fail(Code::usage, "WHAT is required, or --id, or --own");
  const check::Arguments sorted = TRY(check::sort_arguments(options.what));
  for (const std::string& one : sorted.ambiguous) {
    session.terminal().warn(
        fmt::format("{} is a file here, and explained as one; as an endpoint, name it from another folder", one));
  }
  if (sorted.taken == check::Taken::endpoint) return check_endpoint(options.what.front(), options.endpoint, session);
  TRY(refuse_what_goes_with_endpoints(options.endpoint));
  return check_files(
      {.files = options.what, .ca = options.endpoint.ca, .passphrase_file = options.endpoint.passphrase_file}, session);
}

void add_client_options(Command& command, CheckEndpoint& options) {
  command
      .option("--cert FILE", &options.certificate, "the client's certificate, PEM with its chain behind it, or PKCS#12")
      .option("--key FILE", &options.key, "its key (default: in --cert's file)")
      .option("--passphrase-file FILE", &options.passphrase_file,
              "opens the key or PKCS#12 (default: asked for where it is needed)")
      .option("--ca FILE", &options.ca,
              "the CAs that the server's certificate is checked against (default: the system's)")
      .option("--server-name NAME", &options.server_name, "asked for and expected (default: HOST)")
      .option("--tls VERSION", &options.version, "1.2 or 1.3: the only version that the client speaks (default: both)")
      .values({"1.2", "1.3"})
      .option("--alpn PROTOCOL", &options.protocols, "offer this application protocol (ALPN); may be repeated")
      .option("--http", &options.http, "ask for / over HTTP: only an answer proves that the certificate was accepted");
}

void add_way_options(Command& command, CheckEndpoint& options) {
  command
      .option("--starttls PROTOCOL", &options.starttls,
              "change to TLS as this protocol does (it has its default port): smtp, imap, pop3, ldap, xmpp, "
              "xmpp-server, postgres, mysql, ftp")
      .values(check::starttls_names())
      .option("--proxy URL", &options.proxy,
              "on the way: http://HOST:PORT (it takes CONNECT) or socks5://HOST:PORT, which resolves HOST of the "
              "endpoint")
      .option("--proxy-credentials FILE", &options.proxy_credentials,
              "for the proxy: a file that only you can read, with user:password in its one line")
      .option("--proxy-protocol VERSION", &options.proxy_protocol,
              "send a PROXY protocol header first, with this machine's addresses: v1 or v2")
      .values({"v1", "v2"});
}

void add_report_options(Command& command, CheckEndpoint& options) {
  command
      .option("--html FILE", &options.html, "write the report as one page too, for a browser; a page there is replaced")
      .option("--id ID", &options.other_end.id,
              "with what our gateway recorded of a refusal under this id: the one here, or beside the --authority "
              "(roles admin and auditor)")
      .option("--own", &options.other_end.own,
              "with what the gateway beside the --authority recorded of its refusals of this very certificate (--cert, "
              "else --authority-cert), where `authority.own_records` is set");
}

}  // namespace

Command check_command() {
  auto options = std::make_shared<CheckOptions>();
  Command command("check",
                  "Say what happens at a TLS endpoint, or what files hold, whose fault it is, and what mends it");
  command.optional_argument("WHAT", &options->what,
                            "HOST:PORT of any TLS server, or unix:PATH; or files: certificates, requests, CRLs, keys");
  add_client_options(command, options->endpoint);
  add_way_options(command, options->endpoint);
  add_report_options(command, options->endpoint);
  command
      .details(
          "Connects as a client would, and again where that decides between causes: with other versions, suites and "
          "sizes, without the certificate, without the server name. Nothing is sent but handshakes and, with --http, "
          "GET /. Exit status: 0 sound, 1 something was found that is to be mended, 2 the command line or a file that "
          "it names cannot be used, 3 the endpoint was not reached.")
      .example("symbolon check web.example:443", "does it ask for a client certificate, and of which CAs?")
      .example("symbolon check web.example:443 --cert me.crt --key me.key --ca root.crt --http", "does mine get in?")
      .example("symbolon check mail.example --starttls smtp", "and a mail server, on port 25?")
      .example("symbolon check db.internal:5432 --starttls postgres --proxy socks5://127.0.0.1:1080",
               "a database behind a proxy")
      .example("symbolon check web.crt web.key chain.pem", "do they belong together, and what is wrong with them?")
      .example("symbolon check --id 7Q4M", "why was the connection of this record refused?")
      .action([options](Session& session) { return check(*options, session); });
  return command;
}

}  // namespace symbolon::cli
