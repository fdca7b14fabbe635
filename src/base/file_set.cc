#include "base/file_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <deque>
#include <random>

#include "base/errno_text.h"

namespace symbolon {
namespace {

// One file on its way. Unless it is kept, it takes itself back.
class Placement {
 public:
  explicit Placement(const NewFile& file) : file_(file) {
    std::random_device random;
    const auto beside = [&](std::string_view what) {
      return file.path.parent_path() / fmt::format(".{}.{:08x}.{}", file.path.filename().string(), random(), what);
    };
    fresh_ = beside("new");
    former_ = beside("old");
  }
  ~Placement() {
    if (placed_ && !kept_ && saved_) ::rename(former_.c_str(), file_.path.c_str());
    if (placed_ && !kept_ && !saved_) ::unlink(file_.path.c_str());
    if (!placed_ && moved_) ::rename(former_.c_str(), file_.path.c_str());
    ::unlink(fresh_.c_str());
    ::unlink(former_.c_str());
  }
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;

  Status write() { return write_file(fresh_, file_.content, {.mode = file_.mode}); }

  Status place(Existing existing) {
    struct stat info = {};
    const bool there = ::lstat(file_.path.c_str(), &info) == 0;
    if (there && existing == Existing::keep) return fail_with(Code::file_exists, EEXIST);
    if (there && S_ISDIR(info.st_mode)) return fail_with(Code::file_unwritable, EISDIR);
    if (there && !save()) return fail_with(Code::file_unwritable, errno);
    // Whoever came since is not overwritten where nothing was.
    const unsigned flags = there ? 0 : RENAME_NOREPLACE;
    if (::renameat2(AT_FDCWD, fresh_.c_str(), AT_FDCWD, file_.path.c_str(), flags) != 0) {
      return fail_with(errno == EEXIST ? Code::file_exists : Code::file_unwritable, errno);
    }
    placed_ = true;
    return {};
  }

  void keep() { kept_ = true; }

 private:
  // By a second name, so that there is always a file; where the file system knows no second names, out of the way.
  bool save() {
    saved_ = ::link(file_.path.c_str(), former_.c_str()) == 0;
    if (saved_) return true;
    moved_ = ::rename(file_.path.c_str(), former_.c_str()) == 0;
    saved_ = moved_;
    return saved_;
  }

  std::unexpected<Error> fail_with(Code code, int problem) const {
    return fail_at(file_.path.string(), code, "{}; no file was changed", errno_text(problem));
  }

  const NewFile& file_;
  Path fresh_;
  Path former_;
  bool saved_ = false;  // former_ holds what was there
  bool moved_ = false;  // and its place is empty meanwhile
  bool placed_ = false;
  bool kept_ = false;
};

Status sync_folder_of(const Path& path) {
  const Path folder = path.has_parent_path() ? path.parent_path() : Path(".");
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int synced = fd < 0 ? -1 : ::fsync(fd);
  const int problem = errno;
  if (fd >= 0) ::close(fd);
  if (synced == 0) return {};
  return fail_at(folder.string(), Code::file_unwritable, "{}", errno_text(problem));
}

}  // namespace

Status write_files(std::span<const NewFile> files, Existing existing) {
  std::deque<Placement> placements;  // taken back in any order: each knows its own
  for (const NewFile& file : files) TRY(placements.emplace_back(file).write());
  for (Placement& placement : placements) TRY(placement.place(existing));
  for (Placement& placement : placements) placement.keep();
  for (const NewFile& file : files) TRY(sync_folder_of(file.path));
  return {};
}

}  // namespace symbolon
