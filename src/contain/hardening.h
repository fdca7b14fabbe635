// What every process of ours does first: nobody of the same user reads its memory, nothing of it is dumped, and what it
// executes gains no rights.
#pragma once

#include <string>
#include <vector>

namespace symbolon::contain {

// PR_SET_DUMPABLE 0, RLIMIT_CORE 0, PR_SET_NO_NEW_PRIVS. What the system refused, in words; empty: all is done. Under a
// sanitizer, whose runtime reads its own memory through the kernel, the process stays dumpable, and that is said.
std::vector<std::string> harden_process();

// Whether this program was built with a sanitizer: such a build is for finding faults, not for serving.
bool is_sanitized();

}  // namespace symbolon::contain
