// `symbolon check FILE...`: the wires of check/file_report.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"

namespace symbolon::cli {

struct CheckFiles {
  std::vector<std::string> files;
  std::optional<std::string> ca = {};
  std::optional<std::string> passphrase_file = {};
};

// Asks for a passphrase where something is encrypted, none was named, and somebody can be asked.
Status check_files(const CheckFiles& what, Session& session);

}  // namespace symbolon::cli
