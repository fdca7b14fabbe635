// gateways, gateways forget: whom revocations must reach.
#include <memory>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/commands.h"

namespace symbolon::cli {
namespace {

Status list(const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::GatewayList list = TRY(link.client().gateways());
  const Terminal& terminal = session.terminal();
  if (session.json()) {
    terminal.print(api::encode(list));
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const api::GatewayInfo& gateway : list.gateways) {
    rows.push_back({printable(gateway.name),
                    terminal.styled(gateway.follows ? Style::good : Style::bad, gateway.follows ? "follows" : "silent"),
                    std::to_string(gateway.enforced), std::to_string(gateway.behind),
                    gateway.last_seen ? to_rfc3339(*gateway.last_seen) : "-", to_rfc3339(gateway.since),
                    gateway.version.empty() ? "-" : printable(gateway.version)});
  }
  terminal.table({"GATEWAY", "STATE", "ENFORCES", "BEHIND", "LAST SEEN", "SINCE", "VERSION"}, rows);
  if (rows.empty()) terminal.note("a gateway counts from the first time that it asks this authority for revocations");
  return {};
}

Status forget(const std::string& name, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::GatewayInfo gone = TRY(link.client().forget_gateway(name));
  if (session.json()) {
    session.terminal().print(api::encode(gone));
    return {};
  }
  session.terminal().print(fmt::format("forgotten: {}", printable(gone.name)));
  if (gone.follows) session.terminal().note("it still asks for revocations, so it counts again");
  return {};
}

}  // namespace

Command gateways_command() {
  auto name = std::make_shared<std::string>();
  Command command("gateways", "The gateways that revocations must reach, and how far each has come");
  command.example("symbolon gateways", "whom `revoke --wait` waits for")
      .calls("gateways")
      .action([](Session& session) { return list(session); })
      .sub(Command("forget", "No longer count a gateway that is gone for good")
               .argument("NAME", name.get(), "as `symbolon gateways` names it")
               .example("symbolon gateways forget edge-7.example", "")
               .calls("forget_gateway")
               .action([name](Session& session) { return forget(*name, session); }));
  return command;
}

}  // namespace symbolon::cli
