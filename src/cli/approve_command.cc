// approve: the second of two persons.
#include <memory>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/commands.h"

namespace symbolon::cli {
namespace {

std::string standing(const api::ChangeInfo& change) {
  if (change.used_at) return "done";
  return change.approved_by ? "approved" : "waits";
}

Status list(const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::ChangeList list = TRY(link.client().changes());
  if (session.json()) {
    session.terminal().print(api::encode(list));
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const api::ChangeInfo& change : list.changes) {
    rows.push_back(
        {change.id, standing(change), change.kind, to_rfc3339(change.asked_at), change.asked_by, change.what});
  }
  if (rows.empty()) {
    session.terminal().note("nothing waits, and nothing did");
    return {};
  }
  session.terminal().table({"ID", "", "KIND", "ASKED", "BY", "WHAT"}, rows);
  session.terminal().note("next: symbolon approve ID");
  return {};
}

Status approve(const std::string& id, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::ChangeInfo change = TRY(link.client().approve(id));
  if (session.json()) {
    session.terminal().print(api::encode(change));
    return {};
  }
  session.terminal().print(fmt::format("{}: {} (asked for by {})", session.terminal().styled(Style::good, "approved"),
                                       printable(change.what), printable(change.asked_by)));
  if (change.kind != "profile") session.terminal().note("who asked may now do the same again, once, within 7 days");
  return {};
}

}  // namespace

Command approve_command() {
  auto id = std::make_shared<std::optional<std::string>>();
  Command command("approve", "Approve what another asked for, where two persons are needed; without ID, list it");
  command.optional_argument("ID", id.get(), "which change")
      .details("Listing is for auditors, too.")
      .example("symbolon approve", "what waits")
      .example("symbolon approve 7", "the second person's word")
      .calls("approve")
      .action([id](Session& session) { return *id ? approve(**id, session) : list(session); });
  return command;
}

}  // namespace symbolon::cli
