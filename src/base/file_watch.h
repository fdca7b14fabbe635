// Tells when files may have changed, by inotify on the folders in which they lie: written anew, renamed over, removed,
// or led elsewhere by a symbolic link or a folder on the way that was exchanged.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace symbolon {

// Not thread-safe. File systems that do not notify (most network file systems, when another machine writes) tell
// nothing.
class FileWatch {
 public:
  // Fails with out_of_descriptors or system_error.
  static Result<FileWatch> open();
  FileWatch(FileWatch&& other) noexcept;
  FileWatch& operator=(FileWatch&&) = delete;
  ~FileWatch();

  // Watches these files instead of those of before, by the way that leads to them now; they need not exist. Call it
  // before reading them, and again after each change, since the way may have changed. What changes in between is told.
  // Fails with system_error when the system's limit of watches is reached; what could be watched is.
  Status watch(const std::vector<Path>& files);
  // Readable when something happened in one of the folders.
  int descriptor() const { return descriptor_; }
  // Takes what happened; when it may have touched one of the files: the first name that it concerns, of the file or of
  // what is on its way. Never blocks.
  std::optional<Path> changed();

 private:
  explicit FileWatch(int descriptor) : descriptor_(descriptor) {}

  struct Folder {
    Path path;
    std::set<std::string> names;  // what in it matters
  };

  int descriptor_;
  std::map<int, Folder> folders_;  // by the kernel's number
};

}  // namespace symbolon
