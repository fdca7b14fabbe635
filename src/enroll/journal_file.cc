#include "enroll/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/errno_text.h"
#include "base/file_access.h"

namespace symbolon::enroll {
namespace {

constexpr std::size_t kRead = std::size_t{256} << 10;

std::unexpected<Error> failed(const Path& path, Code code, int problem) {
  return fail_at(path.string(), code, "{}", errno_text(problem));
}

}  // namespace

Status read_in_pieces(const Path& path, std::size_t largest_piece, const TakeOctets& take) {
  const int descriptor = open_file(path, OpenFor::reading);
  if (descriptor < 0) return failed(path, errno == ENOENT ? Code::file_missing : Code::file_unreadable, errno);
  std::string buffer;
  Status outcome;
  while (true) {
    const std::size_t kept = buffer.size();
    buffer.resize(kept + kRead);
    const ssize_t n = ::read(descriptor, buffer.data() + kept, kRead);
    const int problem = errno;
    buffer.resize(kept + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n < 0 && problem == EINTR) continue;
    if (n < 0) outcome = failed(path, Code::file_unreadable, problem);
    if (n <= 0) break;
    const std::size_t taken = take(buffer);
    if (taken == 0 && buffer.size() >= largest_piece) break;
    buffer.erase(0, taken);
  }
  ::close(descriptor);
  return outcome;
}

Result<JournalFile> JournalFile::at_its_end(const Path& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return failed(path, Code::file_unwritable, errno);
  return JournalFile(path, {}, descriptor);
}

Result<JournalFile> JournalFile::instead_of(const Path& path) {
  const Path temporary = path.parent_path() / fmt::format(".{}.new", path.filename().string());
  ::unlink(temporary.c_str());  // of a process that was killed
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return failed(path, Code::file_unwritable, errno);
  return JournalFile(path, temporary, descriptor);
}

JournalFile::JournalFile(JournalFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, Path())),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

JournalFile& JournalFile::operator=(JournalFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

JournalFile::~JournalFile() {
  if (descriptor_ < 0) return;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  ::close(descriptor_);
}

Status JournalFile::write(std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(descriptor_, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path_, Code::file_unwritable, errno);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status JournalFile::sync() {
  if (temporary_.empty()) {
    if (::fdatasync(descriptor_) != 0) return failed(path_, Code::file_unwritable, errno);
    return {};
  }
  if (::fsync(descriptor_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return failed(path_, Code::file_unwritable, errno);
  }
  temporary_.clear();
  const int folder = ::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  const int problem = errno;
  if (folder >= 0) ::close(folder);
  if (!synced) return failed(path_, Code::file_unwritable, problem);
  return {};
}

bool JournalFile::in_place() const {
  if (!temporary_.empty()) return true;
  struct stat there = {};
  struct stat ours = {};
  return ::lstat(path_.c_str(), &there) == 0 && ::fstat(descriptor_, &ours) == 0 && there.st_ino == ours.st_ino &&
         there.st_dev == ours.st_dev;
}

}  // namespace symbolon::enroll
