// Octets that are read from the first to the last, piece by piece, so that what is large is never held whole.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/file.h"

namespace symbolon {

// Not thread-safe.
class OctetSource {
 public:
  virtual ~OctetSource() = default;
  // How many of the next octets now stand at the beginning of `into`, which is not empty: at least one; 0: the end.
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

// Octets in memory, borrowed.
class ViewSource final : public OctetSource {
 public:
  explicit ViewSource(ByteView octets) : rest_(octets) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t count = std::min(into.size(), rest_.size());
    std::copy_n(rest_.begin(), count, into.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  ByteView rest_;
};

// A file. What is written to it meanwhile may be seen or not; none of it ends the process, as a mapped one could.
class FileSource final : public OctetSource {
 public:
  // A pipe is read whole. Fails as read_file.
  static Result<FileSource> open(const Path& path, std::uint64_t largest = kLargestFile);
  // The open file from its first octet on, whatever its descriptor's position; that stays the caller's. `name` is for
  // errors.
  static FileSource of_descriptor(int fd, const Path& name, std::uint64_t largest = kLargestFile);

  // Fails with file_unreadable or file_too_large.
  Result<std::size_t> read(std::span<std::uint8_t> into) override;
  void rewind() { at_ = 0; }

 private:
  struct Owner {
    int fd = -1;
    Owner() = default;
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner();
  };
  FileSource(int fd, Path name, std::uint64_t largest) : fd_(fd), name_(std::move(name)), largest_(largest) {}

  int fd_ = -1;  // -1: a pipe, in `content_`
  std::shared_ptr<Owner> owner_;
  std::string content_;
  Path name_;
  std::uint64_t largest_ = 0;
  std::uint64_t at_ = 0;
};

}  // namespace symbolon
