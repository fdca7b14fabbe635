// The manual pages (man(7) macros), from the command table and the tables of the configuration.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "config/description.h"

namespace symbolon::cli {

struct ManualPage {
  std::string file;  // "symbolon-issue.1"
  std::string text;
};

// symbolon.1; one page for each command that is shown, what is below it included; symbolon.yaml.5.
std::vector<ManualPage> manual_pages(const Command& table, const config::Description& configuration);

}  // namespace symbolon::cli
