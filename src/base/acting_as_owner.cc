#include "base/acting_as_owner.h"

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace symbolon {

ActingAsOwner::ActingAsOwner(const Path& folder) {
  struct stat found{};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &found) != 0 || found.st_uid == 0) return;
  ::setfsgid(found.st_gid);  // the group first: afterwards there is no right to it
  ::setfsuid(found.st_uid);
  acting_ = true;
}

ActingAsOwner::~ActingAsOwner() {
  if (!acting_) return;
  ::setfsuid(::geteuid());
  ::setfsgid(::getegid());
}

ActingAsOneself::ActingAsOneself()
    : user_(static_cast<uid_t>(::setfsuid(::geteuid()))), group_(static_cast<gid_t>(::setfsgid(::getegid()))) {}

ActingAsOneself::~ActingAsOneself() {
  ::setfsgid(group_);
  ::setfsuid(user_);
}

Status give_to_owner_of(const Path& folder, const Path& tree) {
  struct stat found{};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &found) != 0 || found.st_uid == 0) return {};
  std::vector<Path> all{tree};
  std::error_code problem;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree, problem)) all.push_back(entry.path());
  if (problem) return fail_at(tree.string(), Code::file_unwritable, "{}", problem.message());
  for (const Path& path : all) {
    if (::lchown(path.c_str(), found.st_uid, found.st_gid) != 0)
      return fail_at(path.string(), Code::file_unwritable, "{}", std::generic_category().message(errno));
  }
  return {};
}

}  // namespace symbolon
