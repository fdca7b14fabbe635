// docs and manual, both hidden: what is made from the tables, for docs/ and for packages.
#include <memory>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/documents.h"
#include "cli/manual.h"

namespace symbolon::cli {
namespace {

Status write_manual(const Path& folder) {
  GlobalOptions global;
  const Command table = command_table(global);
  for (const ManualPage& page : manual_pages(table, *configuration_table().description())) {
    TRY(write_file(folder / page.file, page.text, {.mode = 0644}));
  }
  return {};
}

}  // namespace

Command docs_command() {
  auto which = std::make_shared<std::string>();
  Command command("docs", "Print a generated document");
  command.argument("DOCUMENT", which.get(), "rejections, check-codes, configuration, schema, openapi")
      .hidden()
      .action([which](Session& session) { return print_document(*which, session); });
  return command;
}

Command manual_command() {
  auto folder = std::make_shared<std::string>();
  Command command("manual", "Write the manual pages into a folder");
  command.argument("DIR", folder.get(), "where: symbolon.1, symbolon-issue.1, ..., symbolon.yaml.5")
      .hidden()
      .action([folder](Session&) { return write_manual(*folder); });
  return command;
}

}  // namespace symbolon::cli
