#include "base/acting_as_owner.h"

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace symbolon
