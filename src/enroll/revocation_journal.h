// What a gateway has heard of revocations, on its own disk: it starts from it when the authority is away, and hands it
// back to an authority that has forgotten it (hand_back.h).
//
// Appended to; a new file takes its place where it was damaged, could not be written, or holds far more than it says.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "enroll/journal_file.h"
#include "enroll/journal_records.h"

namespace symbolon::enroll {

// The file, which one process at a time writes. Not thread-safe.
class RevocationJournal {
 public:
  struct Found {
    std::shared_ptr<const revocation::RevocationSet> set;  // never null
    FeedPlace place;
    std::optional<UnixSeconds> heard;
    std::optional<KeptHead> head = {};  // of one of its entries
  };
  // Takes the file's lock, if no other process has it, and reads. What cannot be read is said in the log, and does not
  // count.
  explicit RevocationJournal(Path file);
  // Once.
  Found take_found() { return std::move(found_); }

  // The entry up to which it goes, with what was added: it takes those that follow. None: it cannot be written now (the
  // disk refuses, which the log says once, or another process has it).
  std::optional<FeedPlace> reaches();

  // The issuers of a page, and its entries, which end there, where they follow reaches(); other entries change nothing.
  void add(const std::vector<std::string>& issuers, const api::FeedBlock* block, const FeedPlace& end);
  // Forgets what was added since the last mark.
  void drop_unmarked();
  // A newer one, of an entry that stands there or was added. With the next mark on the disk.
  void keep_head(const KeptHead& head);
  // The authority has no entry beyond `common` any more: the feed goes on from there, beside `kept`, which is enforced.
  void go_back(const FeedPlace& common, std::shared_ptr<const revocation::RevocationSet> kept);
  // The authority said at `heard` that it has no more than `place`, up to which it reaches; more often than every
  // `period` only where there is news. On the disk when it returns, unless the disk refuses.
  void mark(const FeedPlace& place, UnixSeconds heard, Seconds period);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  bool owned();
  Status open();
  Status begin_file(const JournalEnd& end);
  void write(std::string_view records);
  void failed(const Error& why);

  Path file_;
  std::optional<FileLock> lock_;
  Found found_;
  std::optional<JournalEnd> known_;  // of the file, while nobody else can have changed it
  std::optional<JournalFile> out_;
  struct Back {
    FeedPlace common;
    std::shared_ptr<const revocation::RevocationSet> kept;
  };
  std::optional<Back> back_;  // for the next file
  std::optional<KeptHead> head_;
  bool head_is_new_ = false;
  std::set<std::string> issuers_;  // hex, that stand in the file
  std::string pending_;            // records that are not in the file yet
  FeedPlace reached_;
  std::optional<FeedPlace> place_;     // of the last mark
  std::optional<UnixSeconds> marked_;  // heard, of the last mark
  std::uint64_t marks_ = 0;            // octets of them in the file
  Instant retry_{};
  std::chrono::milliseconds pause_{0};
  bool failed_ = false;  // and that was said
};

}  // namespace symbolon::enroll
