#include "contain/sandbox.h"

#include "contain/hardening.h"

namespace symbolon::contain {

std::string Entered::words() const {
  if (landlock == 0 && !filtered) return "none";
  std::string out = landlock == 0 ? "" : fmt::format("Landlock {}", landlock);
  if (filtered) out += out.empty() ? "seccomp" : ", seccomp";
  return out;
}

std::vector<std::string> Entered::gaps() const {
  if (is_sanitized()) return {"no sandbox in a sanitized build"};
  std::vector<std::string> out;
  constexpr int kPorts = 4;  // the version that knows TCP ports
  if (landlock == 0) {
    out.emplace_back("this kernel has no Landlock: files are kept by their owner and mode only");
  } else if (landlock < kPorts) {
    out.push_back(
        fmt::format("Landlock {} of this kernel does not know ports: any TCP port can be connected to", landlock));
  }
  if (!filtered) out.emplace_back("this kernel has no seccomp: calls of the kernel are not filtered");
  return out;
}

Result<Entered> enter(const Bounds& bounds) {
  Entered out;
  if (is_sanitized()) return out;
  out.landlock = TRY(restrict_to(bounds.files));
  out.filtered = TRY(filter_calls(bounds.calls));
  return out;
}

}  // namespace symbolon::contain
