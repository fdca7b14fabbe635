// Landlock (Linux 5.13 and later): from then on this process and its threads open, change and connect to only what was
// named. Whatever the kernel has of it is used (docs/threat-model.md says what each version adds).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace symbolon::contain {

struct LandlockRules {
  std::vector<Path> read = {};     // files; or folders with all that is below. What does not exist is left out.
  std::vector<Path> write = {};    // likewise: read, written, made, removed, renamed
  std::vector<Path> sockets = {};  // folders in which Unix sockets are made and files are removed (old sockets)
  // TCP ports to connect to (version 4); absent: any.
  std::optional<std::vector<std::uint16_t>> connect = {};
};

// The version of the running kernel; 0: it has none, or it is switched off.
int landlock_version();

// For the calling thread and those it starts later: call it before there are threads, after harden_process(). Executing
// is never allowed. The answer is the version that was used, 0 when there is none. Fails with system_error.
Result<int> restrict_to(const LandlockRules& rules);

}  // namespace symbolon::contain
