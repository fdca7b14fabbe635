#include "base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <random>
#include <utility>

#include "base/environment.h"
#include "base/errno_text.h"
#include "base/file_access.h"

namespace symbolon {
namespace {

constexpr int kForReading = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // a pipe without a writer would hold up open() itself
constexpr std::chrono::seconds kPipePatience{10};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

std::unexpected<Error> unreadable(const Path& path, int problem) {
  return fail_at(path.string(), problem == ENOENT ? Code::file_missing : Code::file_unreadable, "{}",
                 errno_text(problem));
}

std::unexpected<Error> unwritable(const Path& path, int problem) {
  return fail_at(path.string(), problem == EEXIST ? Code::file_exists : Code::file_unwritable, "{}",
                 problem == EEXIST ? "the file exists already; it was not touched" : errno_text(problem));
}

// A pipe (a shell's `<(...)`) is awaited, but not for ever: one that nobody writes to would hold up a start.
class PipePatience {
 public:
  explicit PipePatience(int fd) : fd_(fd) {}
  // False: too long.
  bool await() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(last_ - std::chrono::steady_clock::now());
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    const int n = left.count() <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left.count()));
    return n > 0 || (n < 0 && errno == EINTR);
  }

 private:
  const int fd_;
  const std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now() + kPipePatience;
};

// Reads to the end; `text` is the caller's, so that a secret is never copied by a growing buffer.
Status read_all(int fd, std::string& text, const Path& path, std::uint64_t largest) {
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return unreadable(path, errno);
  if (S_ISDIR(info.st_mode)) return unreadable(path, EISDIR);
  const bool is_pipe = S_ISFIFO(info.st_mode);
  if (!S_ISREG(info.st_mode) && !is_pipe) {
    return fail_at(path.string(), Code::file_unreadable, "it is a device or a socket, not a file");
  }
  const PipePatience patience(fd);
  const auto hint = static_cast<std::uint64_t>(info.st_size);
  if (hint > largest)
    return fail_at(path.string(), Code::file_too_large, "{} octets; at most {} are read", hint, largest);
  std::size_t used = 0;
  text.resize(static_cast<std::size_t>(hint) + 1);
  while (true) {
    if (used == text.size()) {
      if (used > largest) return fail_at(path.string(), Code::file_too_large, "more than {} octets", largest);
      text.resize(text.size() * 2);
    }
    if (is_pipe && !patience.await()) {
      return fail_at(path.string(), Code::file_unreadable, "it is a pipe, and nobody wrote to its end within {} s",
                     kPipePatience.count());
    }
    const ssize_t n = ::read(fd, text.data() + used, text.size() - used);
    if (n < 0 && (errno == EINTR || (is_pipe && errno == EAGAIN))) continue;
    if (n < 0) return unreadable(path, errno);
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  text.resize(used);
  return {};
}

Status write_all(int fd, std::string_view content, const Path& path) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unwritable(path, errno);
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Path folder_of(const Path& path) { return path.has_parent_path() ? path.parent_path() : Path("."); }

Status sync_folder(const Path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return unwritable(folder, errno);
  return {};
}

FileOpener& opener_of_this_process() {
  static FileOpener kOpener;
  return kOpener;
}

}  // namespace

std::optional<Path> credential_file(std::string_view name) {
  const auto folder = environment("CREDENTIALS_DIRECTORY");
  if (!folder) return std::nullopt;
  Path file = Path(*folder) / name;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  return file;
}

void open_files_through(FileOpener opener) { opener_of_this_process() = std::move(opener); }

int open_file(const Path& path, OpenFor purpose) {
  constexpr int kForAppending = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  const int fd = ::open(path.c_str(), purpose == OpenFor::reading ? kForReading : kForAppending, 0600);
  const auto& opener = opener_of_this_process();
  if (fd >= 0 || errno != EACCES || !opener) return fd;
  const int opened = opener(path, purpose);
  if (opened >= 0) return opened;
  errno = -opened;
  return -1;
}

Result<std::string> read_file(const Path& path, std::uint64_t largest) {
  const Descriptor fd(open_file(path, OpenFor::reading));
  if (fd.get() < 0) return unreadable(path, errno);
  std::string text;
  TRY(read_all(fd.get(), text, path, largest));
  return text;
}

Result<Secret> read_private_file(const Path& path, KeyOwner owner) {
  const Descriptor fd(open_file(path, OpenFor::reading));
  if (fd.get() < 0) return unreadable(path, errno);
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) return unreadable(path, errno);
  if (S_ISREG(info.st_mode) && (info.st_mode & 077U) != 0) {
    return fail_at(path.string(), Code::key_file_exposed, "mode {:04o} lets others at the key; it must be 0600",
                   info.st_mode & 07777U);
  }
  const auto is_acting_as = [](uid_t user) {  // root, in another user's folder (base/acting_as_owner.h)
    return ::geteuid() == 0 && static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) == user;
  };
  const bool ours = info.st_uid == ::geteuid() || info.st_uid == 0 || is_acting_as(info.st_uid);
  if (S_ISREG(info.st_mode) && !ours && owner == KeyOwner::us_or_root) {
    return fail_at(path.string(), Code::key_file_exposed, "it belongs to user {}, neither to us nor to root",
                   info.st_uid);
  }
  constexpr std::uint64_t kLargestKey = 1 << 20;
  std::string text;
  const Status read = read_all(fd.get(), text, path, kLargestKey);
  Secret secret(text);
  explicit_bzero(text.data(), text.size());
  if (!read) return std::unexpected(read.error());
  return secret;
}

Status write_file(const Path& path, std::string_view content, const WriteOptions& options) {
  const Path folder = folder_of(path);
  std::random_device random;
  const Path temporary = folder / fmt::format(".{}.{:08x}", path.filename().string(), random());
  Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) return unwritable(path, errno == EEXIST ? EAGAIN : errno);
  const auto give_up = [&](std::unexpected<Error> error) {
    ::unlink(temporary.c_str());
    return error;
  };
  if (const Status written = write_all(fd.get(), content, path); !written) {
    return give_up(std::unexpected(written.error()));
  }
  if (::fchmod(fd.get(), options.mode) != 0 || ::fsync(fd.get()) != 0) return give_up(unwritable(path, errno));
  if (::close(fd.release()) != 0) return give_up(unwritable(path, errno));
  if (options.existing == Existing::replace) {
    if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up(unwritable(path, errno));
  } else {
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
      return give_up(unwritable(path, errno));
    }
  }
  return sync_folder(folder);
}

Status append_to_file(const Path& path, std::string_view content, unsigned mode) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, mode));
  if (fd.get() < 0) return unwritable(path, errno);
  TRY(write_all(fd.get(), content, path));
  if (::fdatasync(fd.get()) != 0) return unwritable(path, errno);
  return {};
}

Status make_folder(const Path& path, unsigned mode) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) return {};
  if (path.has_parent_path()) {
    std::filesystem::create_directories(path.parent_path(), problem);
    if (problem) return unwritable(path, problem.value());
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return unwritable(path, errno);
  if (::chmod(path.c_str(), mode) != 0) return unwritable(path, errno);
  return {};
}

Result<FileLock> FileLock::take(const Path& path) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.get() < 0) return unwritable(path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unwritable(path, errno);
    char holder[32] = {};
    const ssize_t n = ::pread(fd.get(), holder, sizeof holder - 1, 0);
    return fail_at(path.string(), Code::state_locked, "process {} uses this state",
                   n > 0 ? std::string_view(holder, static_cast<std::size_t>(n)) : "(unknown)");
  }
  const std::string self = std::to_string(::getpid());
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), self.data(), self.size(), 0) < 0) {
    return unwritable(path, errno);
  }
  return FileLock(fd.release());
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace symbolon
