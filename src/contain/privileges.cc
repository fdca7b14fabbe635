#include "contain/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <vector>

#include "base/errno_text.h"

namespace symbolon::contain {
namespace {

std::unexpected<Error> refused(const User& user, std::string_view what) {
  return fail(Code::system_error, "becoming user {}: {}: {}", user.name, what, errno_text(errno));
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

std::vector<gid_t> groups_of(const char* name, gid_t group) {
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  if (::getgrouplist(name, group, groups.data(), &count) < 0) {
    groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(name, group, groups.data(), &count) < 0) return {group};
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

// A user as the system's database has it; `find` is one of getpwnam_r and getpwuid_r.
template <typename Find>
std::optional<User> look_up(const Find& find) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (find(&entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return User{.name = entry.pw_name,
              .user = entry.pw_uid,
              .group = entry.pw_gid,
              .groups = groups_of(entry.pw_name, entry.pw_gid)};
}

}  // namespace

std::optional<User> find_user(const std::string& name) {
  return look_up([&](auto... more) { return ::getpwnam_r(name.c_str(), more...); });
}

std::optional<User> owner_of(const Path& folder) {
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) return std::nullopt;
  auto user = look_up([&](auto... more) { return ::getpwuid_r(info.st_uid, more...); });
  if (user) return user;
  return User{
      .name = fmt::format("uid {}", info.st_uid), .user = info.st_uid, .group = info.st_gid, .groups = {info.st_gid}};
}

std::optional<User> signer_of(const User& user) { return find_user(user.name + "-signer"); }

Status become(const User& user, Keep keep) {
  if (::prctl(PR_SET_KEEPCAPS, keep == Keep::low_ports ? 1 : 0) != 0) return refused(user, "PR_SET_KEEPCAPS");
  if (::setgroups(user.groups.size(), user.groups.data()) != 0) return refused(user, "groups");
  if (::setresgid(user.group, user.group, user.group) != 0) return refused(user, "group");
  if (::setresuid(user.user, user.user, user.user) != 0) return refused(user, "user");
  TRY(keep_capabilities(user, keep));
  if (user.user != 0 && ::setuid(0) == 0) return fail(Code::system_error, "root came back after it was given up");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the change of user switched it off
  return {};
}

ActingAs::ActingAs(const std::optional<User>& user) {
  if (!user || ::geteuid() != 0 || user->user == 0) return;
  const int count = ::getgroups(0, nullptr);
  groups_.resize(static_cast<std::size_t>(std::max(count, 0)));
  done_ = count >= 0 && ::getgroups(count, groups_.data()) == count;
  if (!done_) return;
  acting_ = true;
  done_ = ::setgroups(user->groups.size(), user->groups.data()) == 0 && ::setegid(user->group) == 0 &&
          ::seteuid(user->user) == 0;
}

ActingAs::~ActingAs() {
  if (!acting_) return;
  const bool back = ::seteuid(0) == 0 && ::setegid(0) == 0 && ::setgroups(groups_.size(), groups_.data()) == 0;
  ENSURE(back);
}

}  // namespace symbolon::contain
