#include "contain/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_text.h"
#include "contain/child.h"

// What the headers of Debian 12 (Linux 6.1) do not know yet: include/uapi/linux/landlock.h of later kernels.
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

namespace symbolon::contain {
namespace {

// struct landlock_ruleset_attr of version 6; older kernels take its beginning.
struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scoped;
};
struct PortAttributes {
  std::uint64_t allowed;
  std::uint64_t port;
};
constexpr int kNetPortRule = 2;                          // LANDLOCK_RULE_NET_PORT
constexpr std::uint64_t kConnectTcp = 1ULL << 1;         // LANDLOCK_ACCESS_NET_CONNECT_TCP
constexpr std::uint64_t kScopeAbstractUnix = 1ULL << 0;  // LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
constexpr std::uint64_t kScopeSignal = 1ULL << 1;        // LANDLOCK_SCOPE_SIGNAL

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kOfFile = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                  LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_EXECUTE |
                                  LANDLOCK_ACCESS_FS_IOCTL_DEV;

// Every access that this version knows: what is not allowed by a rule is refused.
std::uint64_t file_accesses(int version) {
  std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;  // version 1: bits 0 to 12
  if (version >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) all |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (version >= 5) all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
  return all;
}

std::uint64_t write_accesses(std::uint64_t all) {
  return all & ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                           LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_IOCTL_DEV);
}

std::unexpected<Error> refused(std::string_view what) {
  return fail(Code::system_error, "Landlock, {}: {}", what, errno_text(errno));
}

Status allow_path(int ruleset, const Path& path, std::uint64_t accesses) {
  const Descriptor beneath(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (beneath.get() < 0) return {};  // not there: nothing to allow
  struct stat info = {};
  if (::fstat(beneath.get(), &info) != 0) return refused(path.string());
  if (!S_ISDIR(info.st_mode)) accesses &= kOfFile;
  const landlock_path_beneath_attr rule{.allowed_access = accesses, .parent_fd = beneath.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return refused(path.string());
  }
  return {};
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

Result<int> restrict_to(const LandlockRules& rules) {
  const int version = landlock_version();
  if (version == 0) return 0;
  const bool ports = version >= 4 && rules.connect;
  const RulesetAttributes handled{.files = file_accesses(version),
                                  .network = ports ? kConnectTcp : 0,
                                  .scoped = version >= 6 ? kScopeAbstractUnix | kScopeSignal : 0};
  const std::size_t size = version >= 6   ? sizeof handled
                           : version >= 4 ? offsetof(RulesetAttributes, scoped)
                                          : offsetof(RulesetAttributes, network);
  const Descriptor ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, size, 0)));
  if (ruleset.get() < 0) return refused("the rules");
  for (const Path& path : rules.read) TRY(allow_path(ruleset.get(), path, kRead));
  for (const Path& path : rules.write) TRY(allow_path(ruleset.get(), path, write_accesses(handled.files)));
  for (const Path& folder : rules.sockets) {
    TRY(allow_path(ruleset.get(), folder, LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE));
  }
  if (ports) {
    for (const std::uint16_t port : *rules.connect) {
      const PortAttributes rule{.allowed = kConnectTcp, .port = port};
      if (::syscall(SYS_landlock_add_rule, ruleset.get(), kNetPortRule, &rule, 0) != 0) return refused("a port");
    }
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return refused("this process");
  return version;
}

}  // namespace symbolon::contain
