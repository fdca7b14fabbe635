// The file of a journal: read in pieces, appended to in pieces, replaced by a new one that takes its place once it is
// whole.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/file.h"

namespace symbolon::enroll {

// Gets what was read and not taken yet, and says how much of it it takes; with more behind it the rest comes again.
using TakeOctets = std::function<std::size_t(std::string_view octets)>;

// Calls it until the file ends, or until it takes nothing of `largest_piece` octets. Fails as read_file; what was taken
// before counts.
Status read_in_pieces(const Path& path, std::size_t largest_piece, const TakeOctets& take);

// Not thread-safe.
class JournalFile {
 public:
  // The one that is there, for its owner alone. Fails with file_unwritable.
  static Result<JournalFile> at_its_end(const Path& path);
  // A new one beside it, which is removed unless sync() puts it in its place; one at a time. Fails with
  // file_unwritable.
  static Result<JournalFile> instead_of(const Path& path);
  JournalFile(JournalFile&& other) noexcept;
  JournalFile& operator=(JournalFile&& other) noexcept;
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;
  ~JournalFile();

  // Fails with file_unwritable; a part may stand there then.
  Status write(std::string_view content);
  // What was written is on the disk, in its place, when this returns. Fails with file_unwritable.
  Status sync();
  // Nobody has removed or replaced it since it was in its place.
  bool in_place() const;

 private:
  JournalFile(Path path, Path temporary, int descriptor)
      : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

  Path path_;
  Path temporary_;  // empty: it is in its place
  int descriptor_ = -1;
};

}  // namespace symbolon::enroll
