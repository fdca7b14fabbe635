#include "base/octet_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errno_text.h"
#include "base/file_access.h"

namespace symbolon {

FileSource::Owner::~Owner() {
  if (fd >= 0) ::close(fd);
}

Result<FileSource> FileSource::open(const Path& path, std::uint64_t largest) {
  auto owner = std::make_shared<Owner>();
  owner->fd = open_file(path, OpenFor::reading);
  struct stat info = {};
  FileSource out(-1, path, largest);
  // What is no file, or cannot be opened, is for read_file to read or to refuse.
  if (owner->fd < 0 || ::fstat(owner->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    out.content_ = TRY(read_file(path, largest));
    return out;
  }
  out.fd_ = owner->fd;
  out.owner_ = std::move(owner);
  return out;
}

FileSource FileSource::of_descriptor(int fd, const Path& name, std::uint64_t largest) { return {fd, name, largest}; }

Result<std::size_t> FileSource::read(std::span<std::uint8_t> into) {
  if (fd_ < 0) {
    const std::size_t count = std::min<std::size_t>(into.size(), content_.size() - at_);
    std::memcpy(into.data(), content_.data() + at_, count);
    at_ += count;
    return count;
  }
  ssize_t count = 0;
  do {
    count = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(at_));
  } while (count < 0 && errno == EINTR);
  if (count < 0) return fail_at(name_.string(), Code::file_unreadable, "{}", errno_text(errno));
  at_ += static_cast<std::uint64_t>(count);
  if (at_ > largest_) return fail_at(name_.string(), Code::file_too_large, "more than {} octets", largest_);
  return static_cast<std::size_t>(count);
}

}  // namespace symbolon
