#include "contain/hardening.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

#include "base/errno_text.h"

namespace symbolon::contain {

bool is_sanitized() {
#ifdef SYMBOLON_SANITIZED
  return true;
#else
  return false;
#endif
}

std::vector<std::string> harden_process() {
  std::vector<std::string> refused;
  const auto note = [&](const char* what) { refused.push_back(fmt::format("{}: {}", what, errno_text(errno))); };
  if (is_sanitized()) {
    refused.emplace_back("a sanitized build: its memory stays readable to its user");
  } else if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    note("PR_SET_DUMPABLE");
  }
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) note("RLIMIT_CORE");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) note("PR_SET_NO_NEW_PRIVS");
  return refused;
}

}  // namespace symbolon::contain
