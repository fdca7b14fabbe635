// Where records of connections go: one JSON object a line.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/rejection.h"
#include "base/error.h"
#include "base/file.h"
#include "gateway/record_index.h"

namespace symbolon::gateway {

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // One JSON object, without the line break. Thread-safe, never blocks, never fails: what cannot be kept is counted,
  // and the next line that is kept carries "lost": n.
  virtual void write(std::string object) = 0;
  virtual std::uint64_t lost() const = 0;  // since the start
};

struct FileSinkOptions {
  std::size_t most_waiting = 16384;  // lines; beyond it they are lost
};

// A file that is appended to (mode 0600), or standard output; written by a thread of its own in batches. Losses are
// said in the log when they begin, each minute while they go on, and at the end.
class FileRecordSink final : public RecordSink {
 public:
  // Fails with file_unwritable.
  static Result<std::shared_ptr<FileRecordSink>> open(const std::optional<Path>& file, FileSinkOptions options = {});
  // Takes over the descriptor.
  FileRecordSink(int descriptor, FileSinkOptions options);
  // Writes what waits (for a second at most when the reader does not take it).
  ~FileRecordSink() override;

  void write(std::string object) override;
  std::uint64_t lost() const override;
  // Goes on in this file, opened anew: the one of before may have been renamed. Fails with file_unwritable; then it
  // goes on as before.
  Status reopen(const std::optional<Path>& file);
  // The refusals that fit of the newest, which are in memory; newest first.
  api::RejectionList recent(const api::RejectionQuery& query) const { return index_.look_up(query); }
  // The same; where there is none, the newest refusal of that id in the file. (Not where a fingerprint is asked for:
  // holders of certificates have no files read.) Blocks while it reads. Fails with file_unreadable.
  Result<api::RejectionList> look_up(const api::RejectionQuery& query) const;

 private:
  enum class Telling : std::uint8_t { now_and_then, at_the_end };
  void run();
  bool write_out(const std::string& text);
  void tell_losses(std::uint64_t lost, Telling telling);

  RecordIndex index_;
  std::optional<Path> file_;  // as it was opened last; of mutex_
  int descriptor_;
  int next_ = -1;  // opened anew, for the next batch
  bool regular_;
  FileSinkOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> waiting_;
  std::uint64_t lost_ = 0;
  std::uint64_t unreported_ = 0;
  std::uint64_t told_ = 0;  // of lost_, in the log; the writer's own
  std::chrono::steady_clock::time_point told_at_;
  bool stopping_ = false;
  std::thread writer_;
};

// Keeps the lines: for tests.
class MemoryRecordSink final : public RecordSink {
 public:
  void write(std::string object) override;
  std::uint64_t lost() const override { return 0; }
  std::vector<std::string> lines() const;
  // Waits until a line contains all of `parts`, or the time is over (empty then).
  std::string wait_for(const std::vector<std::string>& parts, std::size_t milliseconds = 10'000) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  std::vector<std::string> lines_;
};

}  // namespace symbolon::gateway
