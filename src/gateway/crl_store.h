// The last good list of each URL, kept on disk so that a start does not need the server. Private to this folder.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/file.h"

namespace symbolon::gateway {

// A folder with one file for each URL, as the server sent it: whoever reads it judges it anew.
class CrlStore {
 public:
  explicit CrlStore(std::optional<Path> folder) : folder_(std::move(folder)) {}  // none: nothing is kept

  // Empty: there is none. Fails as read_file.
  Result<std::optional<std::string>> read(const std::string& url) const;
  // Whole or not at all. Fails with file_unwritable.
  Status write(const std::string& url, std::string_view body) const;
  // Those of other URLs go.
  void keep_only(const std::set<std::string>& urls) const;

 private:
  Path file_of(const std::string& url) const;
  const std::optional<Path> folder_;
};

}  // namespace symbolon::gateway
