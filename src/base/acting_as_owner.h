// Root at work in somebody else's folder: what it makes there belongs to whom the folder belongs.
#pragma once

#include <sys/types.h>

#include "base/file.h"

namespace symbolon {

// While it lives, and where root is the caller and the folder is another user's, this thread and those that it starts
// reach files as that user and make them as that user's (setfsuid(2)); threads that are there already do not. Where
// there is no such folder, or nothing to change, it does nothing.
class ActingAsOwner {
 public:
  explicit ActingAsOwner(const Path& folder);
  ActingAsOwner(const ActingAsOwner&) = delete;
  ActingAsOwner& operator=(const ActingAsOwner&) = delete;
  ~ActingAsOwner();

 private:
  bool acting_ = false;
};

// While it lives, this thread reaches files as its own user again, whatever it acts as.
class ActingAsOneself {
 public:
  ActingAsOneself();
  ActingAsOneself(const ActingAsOneself&) = delete;
  ActingAsOneself& operator=(const ActingAsOneself&) = delete;
  ~ActingAsOneself();

 private:
  uid_t user_;
  gid_t group_;
};

// For a tree that shall take the folder's place: where root is the caller and the folder is there and another user's,
// all of the tree becomes that user's. Nobody else may be able to write in the tree. Fails with file_unwritable.
Status give_to_owner_of(const Path& folder, const Path& tree);

}  // namespace symbolon
