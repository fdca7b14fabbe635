// Tells when files may have changed, by inotify on the folders in which they lie: written anew, renamed over, removed,
// or led elsewhere by a symbolic link or a folder on the way that was exchanged.
#pragma once

#include <map>
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
  // Takes what happened; true when it may have touched one of the files. Never blocks.
  bool changed();

 private:
  explicit FileWatch(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  std::map<int, std::set<std::string>> names_;  // by the kernel's number of the folder
};

}  // namespace symbolon
