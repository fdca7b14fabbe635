#include "contain/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

namespace symbolon::contain {
namespace {

std::unexpected<Error> refused(const User& user, std::string_view what) {
  return fail(Code::system_error, "becoming user {}: {}: {}", user.name, what, std::strerror(errno));
}

Status keep_capabilities(const User& user, Keep keep) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (keep == Keep::low_ports) {
    data[0].effective = data[0].permitted = 1U << CAP_NET_BIND_SERVICE;
  }
  if (::syscall(SYS_capset, &header, data) != 0) return refused(user, "capabilities");
  return {};
}

}  // namespace

std::optional<User> find_user(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return User{.name = name, .user = entry.pw_uid, .group = entry.pw_gid};
}

std::optional<User> owner_of(const Path& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) return std::nullopt;
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(info.st_uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return User{.name = entry.pw_name, .user = entry.pw_uid, .group = entry.pw_gid};
}

std::optional<User> signer_of(const User& user) { return find_user(user.name + "-signer"); }

Status become(const User& user, Keep keep) {
  if (::prctl(PR_SET_KEEPCAPS, keep == Keep::low_ports ? 1 : 0) != 0) return refused(user, "PR_SET_KEEPCAPS");
  if (::initgroups(user.name.c_str(), user.group) != 0) return refused(user, "groups");
  if (::setresgid(user.group, user.group, user.group) != 0) return refused(user, "group");
  if (::setresuid(user.user, user.user, user.user) != 0) return refused(user, "user");
  TRY(keep_capabilities(user, keep));
  if (user.user != 0 && ::setuid(0) == 0) return fail(Code::system_error, "root came back after it was given up");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the change of user switched it off
  return {};
}

}  // namespace symbolon::contain
