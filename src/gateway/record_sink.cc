#include "gateway/record_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <system_error>
#include <utility>

#include "base/file_access.h"
#include "base/log.h"

namespace symbolon::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto kGather = 10ms;  // lines that come within it are written together
constexpr auto kTellAgain = 60s;
constexpr int kStuckReader = 1000;  // milliseconds that one write waits for the reader of a pipe

bool is_regular(int descriptor) {
  struct stat status{};
  return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

Result<int> open_for_records(const std::optional<Path>& file) {
  const int descriptor = file ? open_file(*file, OpenFor::appending) : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (descriptor >= 0) return descriptor;
  return fail_at(file ? file->string() : "standard output", Code::file_unwritable, "{}",
                 std::generic_category().message(errno));
}

}  // namespace

Result<std::shared_ptr<FileRecordSink>> FileRecordSink::open(const std::optional<Path>& file, FileSinkOptions options) {
  auto sink = std::make_shared<FileRecordSink>(TRY(open_for_records(file)), options);
  sink->file_ = file;
  return sink;
}

Status FileRecordSink::reopen(const std::optional<Path>& file) {
  const int descriptor = TRY(open_for_records(file));
  const std::lock_guard lock(mutex_);
  if (next_ >= 0) ::close(next_);
  next_ = descriptor;
  file_ = file;
  return {};
}

Result<api::RejectionList> FileRecordSink::look_up(const api::RejectionQuery& query) const {
  api::RejectionList found = recent(query);
  if (!found.records.empty() || !query.fingerprint.empty()) return found;
  std::optional<Path> file;
  {
    const std::lock_guard lock(mutex_);
    file = file_;
  }
  return file ? look_up_in_file(*file, query) : found;
}

FileRecordSink::FileRecordSink(int descriptor, FileSinkOptions options)
    : descriptor_(descriptor), regular_(is_regular(descriptor)), options_(options), writer_([this] { run(); }) {}

FileRecordSink::~FileRecordSink() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
  ::close(descriptor_);
  if (next_ >= 0) ::close(next_);
}

void FileRecordSink::write(std::string object) {
  index_.keep(object);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.most_waiting || stopping_) {
    ++lost_;
    ++unreported_;
    return;
  }
  if (unreported_ != 0) {
    object.pop_back();
    object += fmt::format(",\"lost\":{}}}", unreported_);
    unreported_ = 0;
  }
  waiting_.push_back(std::move(object));
  if (waiting_.size() == 1) wake_.notify_one();
}

std::uint64_t FileRecordSink::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

void FileRecordSink::run() {
  std::vector<std::string> batch;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (!stopping_) wake_.wait_for(lock, kGather, [this] { return stopping_; });
    const bool last = stopping_;
    batch.swap(waiting_);
    if (next_ >= 0) {
      ::close(descriptor_);
      descriptor_ = std::exchange(next_, -1);
      regular_ = is_regular(descriptor_);
    }
    lock.unlock();
    std::size_t length = 0;
    for (const auto& line : batch) length += line.size() + 1;
    std::string text;
    text.reserve(length);
    for (const auto& line : batch) (text += line) += '\n';
    const bool written = text.empty() || write_out(text);
    lock.lock();
    if (!written) {
      lost_ += batch.size();
      unreported_ += batch.size();
    }
    batch.clear();
    const std::uint64_t lost = lost_;
    lock.unlock();
    tell_losses(lost, last ? Telling::at_the_end : Telling::now_and_then);
    if (last) return;
    lock.lock();
  }
}

void FileRecordSink::tell_losses(std::uint64_t lost, Telling telling) {
  const auto now = std::chrono::steady_clock::now();
  if (lost == told_ || (telling == Telling::now_and_then && told_ != 0 && now - told_at_ < kTellAgain)) return;
  log(LogLevel::error, {Code::records_lost, fmt::format("{} since the start", lost)});
  told_ = lost;
  told_at_ = now;
}

bool FileRecordSink::write_out(const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    pollfd ready{descriptor_, POLLOUT, 0};
    // A pipe whose reader has stopped must not hold the end of the process back; while we run it may take its time.
    if (poll(&ready, 1, kStuckReader) == 0) {
      const std::lock_guard lock(mutex_);
      if (stopping_) return false;
      continue;
    }
    // After POLLOUT a pipe takes at least PIPE_BUF octets without blocking (pipe(7)); a file takes them at once.
    const std::size_t piece = std::min<std::size_t>(text.size() - done, regular_ ? text.size() : PIPE_BUF);
    const ssize_t n = ::write(descriptor_, text.data() + done, piece);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  return true;
}

void MemoryRecordSink::write(std::string object) {
  {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(object));
  }
  came_.notify_all();
}

std::vector<std::string> MemoryRecordSink::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::string MemoryRecordSink::wait_for(const std::vector<std::string>& parts, std::size_t milliseconds) const {
  std::string found;
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] {
    const auto has_all = [&](const std::string& line) {
      return std::ranges::all_of(parts, [&](const auto& part) { return line.find(part) != std::string::npos; });
    };
    const auto at = std::ranges::find_if(lines_, has_all);
    if (at == lines_.end()) return false;
    found = *at;
    return true;
  });
  return found;
}

}  // namespace symbolon::gateway
