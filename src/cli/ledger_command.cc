// ledger verify, ledger backup, ledger accept-clock.
#include <memory>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/commands.h"

namespace symbolon::cli {
namespace {

enroll::OnProgress shown(const Terminal& terminal, std::string_view what) {
  return [&terminal, what](const api::Progress& progress) { terminal.progress(what, progress.done, progress.of); };
}

Status verify(const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const Terminal& terminal = session.terminal();
  const auto checked = link.client().verify_ledger(shown(terminal, "checking"));
  terminal.end_progress();
  const api::LedgerVerifyAnswer answer = TRY(checked);
  if (session.json()) {
    terminal.print(api::encode(answer));
    return {};
  }
  terminal.print(fmt::format("{}: {} audit entries, every one in its place", terminal.styled(Style::good, "whole"),
                             answer.entries));
  terminal.print(fmt::format("  head  {}", answer.head));
  terminal.note("note the head elsewhere: who rewrites the whole ledger cannot reproduce it");
  return {};
}

Status backup(const std::string& file, const Session& session) {
  if (session.remote_authority() && !file.starts_with('/')) {
    return fail(Code::usage, "'{}': the copy is made on the authority's machine; name it absolutely there", file);
  }
  std::error_code problem;
  const Path absolute = std::filesystem::absolute(file, problem);
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const auto copied = link.client().backup_ledger({absolute.string()}, shown(session.terminal(), "copying"));
  session.terminal().end_progress();
  const api::LedgerBackupAnswer answer = TRY(copied);
  if (session.json()) {
    session.terminal().print(api::encode(answer));
  } else {
    session.terminal().print(fmt::format("backed up to {} ({} octets)", answer.path, answer.octets));
  }
  return {};
}

Status accept_clock(const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::ClockAcceptance answer = TRY(link.client().accept_clock());
  if (session.json()) {
    session.terminal().print(api::encode(answer));
  } else if (answer.outcome == api::ClockOutcome::not_behind) {
    session.terminal().print(fmt::format("nothing to accept: it is {}, and no entry is newer", to_rfc3339(answer.now)));
  } else {
    session.terminal().print(
        fmt::format("accepted: it is {}; the newest entry said {}", to_rfc3339(answer.now), to_rfc3339(answer.newest)));
    session.terminal().note("what was issued while the clock ran ahead is dated by it: `symbolon list` shows it");
  }
  return {};
}

}  // namespace

Command ledger_command() {
  auto file = std::make_shared<std::string>();
  Command command("ledger", "The authority's record: check it, copy it, set its time right");
  command
      .sub(Command("verify", "Check the audit chain and what it vouches for")
               .calls("verify_ledger")
               .action([](Session& session) { return verify(session); }))
      .sub(Command("backup", "Make a consistent copy while the authority works")
               .argument("FILE", file.get(), "a new file; an existing one is not touched")
               .example("symbolon ledger backup /backup/ledger-$(date +%F).db", "")
               .calls("backup_ledger")
               .action([file](Session& session) { return backup(*file, session); }))
      .sub(Command("accept-clock",
                   "Take this clock for right although entries are newer: it ran ahead when they were made")
               .calls("accept_clock")
               .action([](Session& session) { return accept_clock(session); }));
  return command;
}

}  // namespace symbolon::cli
