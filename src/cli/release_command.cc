// release: a certificate that was on hold counts again.
#include <memory>

#include "api/codec.h"
#include "cli/certificate_words.h"
#include "cli/commands.h"
#include "cli/enforcement.h"

namespace symbolon::cli {
namespace {

struct ReleaseOptions {
  std::vector<std::string> what;
  bool wait = false;
  std::string timeout = "30s";
};

void print_release(const api::ReleaseAnswer& answer, const ReleaseOptions& options, const Session& session) {
  const Terminal& terminal = session.terminal();
  if (session.json()) return terminal.print(api::encode(answer));
  const bool already = answer.outcome == api::ReleaseOutcome::was_released_already;
  terminal.print(fmt::format("{}: {} (serial {})",
                             already ? "released already" : terminal.styled(Style::good, "released"),
                             printable(who(answer.certificate)), answer.certificate.serial));
  print_enforcement(answer.enforcement, options.wait, terminal);
}

Status release(const ReleaseOptions& options, const Session& session) {
  const Waiting waiting{.wanted = options.wait, .at_most = TRY(parse_duration(options.timeout))};
  if (options.what.size() > 1) return fail(Code::usage, "one certificate at a time");
  const std::string what = TRY(certificate_meant(joined(options.what, " ")));
  AuthorityLink link = TRY(AuthorityLink::open(session));
  api::ReleaseAnswer answer = TRY(link.client().release({what}));
  return conclude(answer.enforcement, waiting, link, [&] { print_release(answer, options, session); });
}

}  // namespace

Command release_command() {
  auto options = std::make_shared<ReleaseOptions>();
  Command command("release", "Take a certificate back that was revoked with the reason certificateHold");
  command
      .argument("WHAT", &options->what,
                "a serial (hexadecimal, with or without colons, or dec:...), fingerprint, name or file")
      .details(
          "Nothing else is ever taken back: what was revoked with another reason, or is revoked with another one "
          "while\n"
          "it is on hold, stays revoked.")
      .option("--wait", &options->wait, "until every gateway has confirmed it; fails if one does not")
      .option("--timeout DURATION", &options->timeout, "with --wait: for so long at most (default 30s)")
      .example("symbolon release laptop", "it was found again")
      .calls("release")
      .action([options](Session& session) { return release(*options, session); });
  return command;
}

}  // namespace symbolon::cli
