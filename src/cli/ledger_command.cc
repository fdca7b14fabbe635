// ledger verify, ledger head, ledger backup, ledger accept-clock, ledger accept-rollback.
#include <memory>

#include "api/codec.h"
#include "authority/head_key.h"
#include "base/file.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "cli/configuration.h"

namespace symbolon::cli {
namespace {

enroll::OnProgress shown(const Terminal& terminal, std::string_view what) {
  return [&terminal, what](const api::Progress& progress) { terminal.progress(what, progress.done, progress.of); };
}

struct HeadOptions {
  std::string out;      // file; empty: standard output
  std::string against;  // file of a head
  std::string key;      // file of a public key
};

// Where nobody names one, that of the state folder here.
Result<crypto::PublicKey> key_of_heads(const std::string& file, const Session& session) {
  if (!file.empty()) return authority::read_head_key(file);
  if (session.remote_authority()) {
    return fail(Code::usage, "--key is needed: whoever is checked is not asked for the key that vouches for it");
  }
  const Path state = TRY(load_configuration(session)).state;
  return authority::read_head_key(authority::StateLayout{state}.head_public_key());
}

// As `ledger head` writes it, its signature verified.
Result<api::SignedHead> read_head(const HeadOptions& options, const Session& session) {
  const auto content = TRY(read_file(options.against, 1 << 16));
  const auto head = api::decode<api::SignedHead>(content);
  if (!head) return fail_at(options.against, Code::audit_head_not_ours, "{}", head.error().words);
  const auto read = api::head_of(revocation::HeadKind::audit, *head);
  if (!read) return fail_at(options.against, Code::audit_head_not_ours, "{}", read.error().words);
  const Status signature = revocation::check_signature(*read, TRY(key_of_heads(options.key, session)));
  if (!signature) return fail_at(options.against, signature.error().code, "{}", signature.error().words);
  return *head;
}

// The audit chain's, signed now.
Status head(const HeadOptions& options, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::HeadsAnswer heads = TRY(link.client().heads());
  const std::string text = api::encode(heads.audit);
  if (options.out.empty()) {
    session.terminal().print(text);
    return {};
  }
  TRY(write_file(options.out, text + "\n", {.existing = Existing::replace}));
  session.terminal().note(
      fmt::format("head of {} audit entries, signed {}, in {}: keep it elsewhere; later, "
                  "`symbolon ledger verify --against` it",
                  heads.audit.count, to_rfc3339(heads.audit.time), options.out));
  return {};
}

Status verify(const HeadOptions& options, const Session& session) {
  api::LedgerVerifyRequest request;
  if (!options.against.empty()) request.against = TRY(read_head(options, session));
  if (options.against.empty() && !options.key.empty()) return fail(Code::usage, "--key goes with --against");
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const Terminal& terminal = session.terminal();
  const auto checked = link.client().verify_ledger(request, shown(terminal, "checking"));
  terminal.end_progress();
  const api::LedgerVerifyAnswer answer = TRY(checked);
  if (session.json()) {
    terminal.print(api::encode(answer));
    return {};
  }
  terminal.print(fmt::format("{}: {} audit entries, every one in its place", terminal.styled(Style::good, "whole"),
                             answer.entries));
  terminal.print(fmt::format("  head  {}", answer.head));
  if (request.against) {
    terminal.print(fmt::format("  holds the head of {} entries that was signed {}", request.against->count,
                               to_rfc3339(request.against->time)));
  } else {
    terminal.note("`symbolon ledger head` signs it: kept elsewhere, it shows later whether the ledger was rewritten");
  }
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

Status accept_rollback(const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::RollbackAcceptance answer = TRY(link.client().accept_rollback());
  if (session.json()) {
    session.terminal().print(api::encode(answer));
  } else if (answer.outcome == api::RollbackOutcome::not_behind) {
    session.terminal().print("nothing to give up: no gateway has shown that it knows more than the ledger");
  } else {
    session.terminal().print(fmt::format("given up: what gateways know beyond this ledger, of heads signed until {}",
                                         to_rfc3339(answer.until)));
    session.terminal().note(
        "certificates that were revoked there count again wherever no gateway refuses them still; "
        "`symbolon list --seen` shows those that the ledger does not know");
  }
  return {};
}

}  // namespace

Command ledger_command() {
  auto file = std::make_shared<std::string>();
  auto heads = std::make_shared<HeadOptions>();
  Command command("ledger", "The authority's record: check it, copy it, set its time right");
  command
      .sub(Command("verify", "Check the audit chain and what it vouches for")
               .option("--against FILE", &heads->against,
                       "a head that `symbolon ledger head` wrote: the chain must still hold it")
               .option("--key FILE", &heads->key,
                       "with --against: the public key of heads (default: heads.pub of the state folder)")
               .example("symbolon ledger verify --against head.json --key heads.pub",
                        "was anything cut off or rewritten since?")
               .calls("verify_ledger")
               .action([heads](Session& session) { return verify(*heads, session); }))
      .sub(Command("head", "Sign how far the audit chain goes now, by a key outside the ledger")
               .option("--out FILE", &heads->out, "write it there (default: standard output)")
               .example("symbolon ledger head --out head.json", "keep it where nobody who can write the ledger can")
               .calls("heads")
               .action([heads](Session& session) { return head(*heads, session); }))
      .sub(Command("backup", "Make a consistent copy while the authority works")
               .argument("FILE", file.get(), "a new file; an existing one is not touched")
               .example("symbolon ledger backup /backup/ledger-$(date +%F).db", "")
               .calls("backup_ledger")
               .action([file](Session& session) { return backup(*file, session); }))
      .sub(Command("accept-clock",
                   "Take this clock for right although entries are newer: it ran ahead when they were made")
               .calls("accept_clock")
               .action([](Session& session) { return accept_clock(session); }))
      .sub(Command("accept-rollback",
                   "Give up what gateways know and this ledger does not have: a backup was restored, and shall count")
               .calls("accept_rollback")
               .action([](Session& session) { return accept_rollback(session); }));
  return command;
}

}  // namespace symbolon::cli
