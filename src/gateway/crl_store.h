// The last good list of each URL, kept on disk so that a start does not need the server. Private to this folder.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/octet_source.h"
#include "crypto/running_digest.h"

namespace symbolon::gateway {

// A body as it arrives, in a file beside those that are kept: it is never held in memory, unless there is no folder or
// the folder takes nothing (a full disk must not hold up a list). Gone with this object, unless it is kept. Not
// thread-safe.
class CrlSpool {
 public:
  // `kept`: where it is once it is kept; none: nowhere.
  explicit CrlSpool(std::optional<Path> kept) : kept_(std::move(kept)) {}
  CrlSpool(const CrlSpool&) = delete;
  CrlSpool& operator=(const CrlSpool&) = delete;
  ~CrlSpool();

  // Fails where what was written already cannot be read back.
  Status add(std::string_view piece);
  // Of all that came, once.
  crypto::Sha256 digest() { return digest_.finish(); }
  // All that came, from its beginning. Valid as long as this.
  std::unique_ptr<OctetSource> content() const;
  // In the place of what was kept before, whole or not at all. Once. Fails with file_unwritable.
  Status keep();

 private:
  Status open();
  Status write(std::string_view piece);
  Status fall_back(const Error& problem);

  std::optional<Path> kept_;
  Path temporary_;
  int fd_ = -1;  // -1: what came is in `memory_`
  std::string memory_;
  std::optional<Error> problem_;  // why it is not in a file
  crypto::RunningSha256 digest_;
};

// A folder with one file for each URL, as the server sent it: whoever reads it judges it anew.
class CrlStore {
 public:
  // None: nothing is kept. What was arriving when a process was killed goes.
  explicit CrlStore(std::optional<Path> folder);

  // Nothing: there is none. Fails as FileSource::open.
  Result<std::optional<FileSource>> read(const std::string& url) const;
  std::shared_ptr<CrlSpool> spool(const std::string& url) const;
  // Those of other URLs go.
  void keep_only(const std::set<std::string>& urls) const;

 private:
  Path file_of(const std::string& url) const;
  const std::optional<Path> folder_;
};

}  // namespace symbolon::gateway
