#include "cli/cli.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace symbolon::cli {

Command command_table(GlobalOptions& global) {
  static bool version = false;
  Command table("symbolon", "Mutual TLS, the whole of it: a private CA, a gateway, and the tools around them");
  table.option("--config FILE", &global.config, "the configuration (else SYMBOLON_CONFIG, ./symbolon/, /etc/symbolon/)")
      .option("--state DIR", &global.state, "the state folder (else SYMBOLON_STATE, or what the configuration says)")
      .option("--authority URL", &global.authority,
              "an authority elsewhere, https://HOST:PORT (else SYMBOLON_AUTHORITY, or the one here)")
      .option("--authority-ca FILE", &global.authority_ca,
              "the root it is believed by (else SYMBOLON_AUTHORITY_CA, or root.crt of the state folder)")
      .option("--authority-cert FILE", &global.authority_cert,
              "who calls it: a certificate (else SYMBOLON_AUTHORITY_CERT, or admin.crt of the state folder)")
      .option("--authority-key FILE", &global.authority_key,
              "its key (else SYMBOLON_AUTHORITY_KEY, or the .key beside the certificate)")
      .option("--json", &global.json, "print JSON")
      .option("--version", &version, "print the version")
      .sub(init_command())
      .sub(run_command())
      .sub(proxy_command())
      .sub(issue_command())
      .sub(sign_command())
      .sub(list_command())
      .sub(show_command())
      .sub(revoke_command())
      .sub(release_command())
      .sub(gateways_command())
      .sub(crl_command())
      .sub(approve_command())
      .sub(status_command())
      .sub(profiles_command())
      .sub(ledger_command())
      .sub(ca_command())
      .sub(verify_command())
      .sub(check_command())
      .sub(prove_command())
      .sub(prove_kit_command())
      .sub(config_command())
      .sub(trust_command())
      .sub(export_command())
      .sub(completions_command())
      .sub(complete_command())
      .sub(role_command())
      .sub(docs_command())
      .sub(manual_command())
      .example("symbolon init \"Example Corp\"", "a CA, a ledger, an admin certificate, a configuration")
      .example("symbolon issue server web.example", "web.example.crt, .key and .p12")
      .example("symbolon --authority https://ca.example.internal:8440 list state:valid", "ask an authority elsewhere")
      .example("symbolon proxy --listen :8443 --to 127.0.0.1:3000", "mutual TLS in front of a service, without a file");
  table.action([](Session& session) -> Status {
    if (!version) return fail(Code::usage, "name a command (see `symbolon --help`)");
    session.terminal().print("symbolon " SYMBOLON_VERSION);
    return {};
  });
  return table;
}

namespace {

// Whatever an argument becomes (a name, a line of JSON, a message), it is text.
Result<Parsed> parse_text(const Command& table, const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (!is_utf8(argument)) return fail(Code::usage, "the argument '{}' is not UTF-8 text", printable(argument));
  }
  return parse(table, arguments);
}

// Also of a command line that is not understood.
ErrorForm form_asked_for(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") == end ? ErrorForm::text : ErrorForm::json;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is a write that fails, not the end
  GlobalOptions global;
  const Command table = command_table(global);
  const Terminal terminal(form_asked_for(arguments));
  if (arguments.empty()) {
    terminal.print(help_page(table, "symbolon"));
    return row(Code::usage).exit_code;
  }
  const auto parsed = parse_text(table, arguments);
  if (!parsed) {
    terminal.error(parsed.error());
    return row(parsed.error().code).exit_code;
  }
  if (parsed->command == nullptr) {
    terminal.print(parsed->text);
    return 0;
  }
  Session session(global, system_clock());
  try {
    const Status done = parsed->command->run()(session);
    stop_log();
    if (done) return std::fflush(stdout) == 0 ? session.exit_status() : row(Code::file_unwritable).exit_code;
    terminal.error(done.error());
    return row(done.error().code).exit_code;
  } catch (const std::exception& problem) {  // a library's: nothing of ours throws
    terminal.error({Code::internal, problem.what()});
    return row(Code::internal).exit_code;
  }
}

}  // namespace symbolon::cli
