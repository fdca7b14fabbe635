// All bounds of a process at once, and what the kernel made of them.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "contain/landlock.h"
#include "contain/syscall_filter.h"

namespace symbolon::contain {

struct Bounds {
  LandlockRules files;
  FilterKind calls = FilterKind::server;
};

struct Entered {
  int landlock = 0;       // the version that was used; 0: none
  bool filtered = false;  // by seccomp

  // "Landlock 7, seccomp"
  std::string words() const;
  // What is not held, a line each: for the log, as warnings.
  std::vector<std::string> gaps() const;
};

// Irreversible; before there are threads, after harden_process(). A sanitized build enters nothing (its runtime needs
// what is refused): `gaps` says so. Fails with system_error: then the process must not go on.
Result<Entered> enter(const Bounds& bounds);

}  // namespace symbolon::contain
