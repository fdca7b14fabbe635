// `symbolon check FILE...`: the wires of check/file_report.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/session.h"

namespace symbolon::cli {

struct CheckFiles {
  std::vector<std::string> files;
  std::optional<std::string> ca = {};
  std::optional<std::string> passphrase_file = {};
};

// What was given cannot be used: said so, and the exit status is 2 whatever the code's own is, since 1 and 3 say
// something about what is looked at.
Status cannot_use(const Error& error, std::string_view remedy, Session& session);

// Asks for a passphrase where something is encrypted, none was named, and somebody can be asked.
Status check_files(const CheckFiles& what, Session& session);

}  // namespace symbolon::cli
