// Files: whole reads, atomic writes, locks, and the check that a key file is private.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

namespace symbolon {

using Path = std::filesystem::path;

inline constexpr std::uint64_t kLargestFile = 256ULL << 20;  // octets; what read_file takes unless told

// The whole file. Fails with file_missing, file_unreadable (a folder, a device, no right, a pipe that nobody writes to
// within some seconds) or file_too_large.
Result<std::string> read_file(const Path& path, std::uint64_t largest = kLargestFile);

// A file with a key or a passphrase: as read_file, and fails with key_file_exposed when group or others may read or
// write it, or when it is not the `owner`'s. Trailing line breaks stay.
enum class KeyOwner : std::uint8_t { us_or_root, anybody };
Result<Secret> read_private_file(const Path& path, KeyOwner owner = KeyOwner::us_or_root);

enum class Existing : std::uint8_t { keep, replace };  // keep: fail with file_exists

struct WriteOptions {
  unsigned mode = 0644;  // exact, whatever the umask
  Existing existing = Existing::keep;
};

// All or nothing: a temporary file beside it, fsync, rename (or link), fsync of the folder. Fails with file_exists or
// file_unwritable.
Status write_file(const Path& path, std::string_view content, const WriteOptions& options);

// At the end of the file, which is made with this mode if it is missing; on the disk when it returns. Fails with
// file_unwritable; a part of `content` may stand there then.
Status append_to_file(const Path& path, std::string_view content, unsigned mode);

// Makes the folder and its parents; the last one with `mode`. An existing one is left as it is.
Status make_folder(const Path& path, unsigned mode);

// An exclusive lock on a file that lasts as long as this object; the kernel frees it when the process dies.
class FileLock {
 public:
  // Fails with state_locked, naming the process that holds it, when it is taken.
  static Result<FileLock> take(const Path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace symbolon
