#include "gateway/crl_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_text.h"

namespace symbolon::gateway {
namespace {

constexpr std::string_view kArriving = ".part";

std::unexpected<Error> unwritable(const Path& path, int problem) {
  return fail_at(path.string(), Code::file_unwritable, "{}", errno_text(problem));
}

}  // namespace

CrlSpool::~CrlSpool() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Status CrlSpool::add(std::string_view piece) {
  digest_.add(as_bytes(piece));
  if (kept_ && fd_ < 0 && !problem_) {
    if (auto opened = open(); !opened) problem_ = std::move(opened).error();
  }
  if (fd_ < 0) {
    memory_ += piece;
    return {};
  }
  const Status written = write(piece);
  if (written) return {};
  TRY(fall_back(written.error()));
  memory_ += piece;
  return {};
}

Status CrlSpool::open() {
  TRY(make_folder(kept_->parent_path(), 0700));
  temporary_ = *kept_;
  temporary_ += "." + to_hex(crypto::random_bytes(4)) + std::string(kArriving);
  fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return unwritable(temporary_, errno);
  return {};
}

// All of it or nothing: else the next piece would stand in a wrong place.
Status CrlSpool::write(std::string_view piece) {
  const off_t before = ::lseek(fd_, 0, SEEK_CUR);
  while (!piece.empty()) {
    const ssize_t count = ::write(fd_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      auto failure = unwritable(temporary_, errno);
      if (::ftruncate(fd_, before) != 0) return unwritable(temporary_, errno);
      return failure;
    }
    piece.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// What has come so far goes on in memory.
Status CrlSpool::fall_back(const Error& problem) {
  FileSource file = FileSource::of_descriptor(fd_, temporary_);
  Bytes buffer(std::size_t{64} << 10);
  while (const std::size_t count = TRY(file.read(buffer))) memory_ += as_text(ByteView(buffer).first(count));
  ::close(std::exchange(fd_, -1));
  ::unlink(temporary_.c_str());
  problem_ = problem;
  return {};
}

std::unique_ptr<OctetSource> CrlSpool::content() const {
  if (fd_ < 0) return std::make_unique<ViewSource>(as_bytes(memory_));
  return std::make_unique<FileSource>(FileSource::of_descriptor(fd_, temporary_));
}

Status CrlSpool::keep() {
  if (!kept_) return {};
  if (problem_) return std::unexpected(*problem_);
  if (fd_ < 0) return write_file(*kept_, memory_, {.mode = 0600, .existing = Existing::replace});  // an empty body
  if (::fsync(fd_) != 0 || ::rename(temporary_.c_str(), kept_->c_str()) != 0) return unwritable(*kept_, errno);
  ::close(std::exchange(fd_, -1));
  const int folder = ::open(kept_->parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  const int problem = errno;
  if (folder >= 0) ::close(folder);
  if (!synced) return unwritable(kept_->parent_path(), problem);
  return {};
}

CrlStore::CrlStore(std::optional<Path> folder) : folder_(std::move(folder)) {
  if (!folder_) return;
  std::error_code problem;
  for (std::filesystem::directory_iterator at(*folder_, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code ignored;
    if (at->path().extension() == kArriving) std::filesystem::remove(at->path(), ignored);
  }
}

Path CrlStore::file_of(const std::string& url) const {
  return *folder_ / (to_hex(crypto::sha256(as_bytes(url))) + ".crl");
}

Result<std::optional<FileSource>> CrlStore::read(const std::string& url) const {
  if (!folder_) return std::optional<FileSource>();
  auto file = FileSource::open(file_of(url));
  if (!file && file.error().code == Code::file_missing) return std::optional<FileSource>();
  return std::optional(TRY(std::move(file)));
}

std::shared_ptr<CrlSpool> CrlStore::spool(const std::string& url) const {
  return std::make_shared<CrlSpool>(folder_ ? std::optional(file_of(url)) : std::nullopt);
}

void CrlStore::keep_only(const std::set<std::string>& urls) const {
  if (!folder_) return;
  std::set<Path> kept;
  for (const std::string& url : urls) kept.insert(file_of(url));
  std::error_code problem;
  for (std::filesystem::directory_iterator at(*folder_, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code ignored;
    const bool goes = at->path().extension() == ".crl" && !kept.contains(at->path());
    if (goes) std::filesystem::remove(at->path(), ignored);
  }
}

}  // namespace symbolon::gateway
