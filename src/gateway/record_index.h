// The newest refusals in memory, and older ones in the file of records, for whoever was told an id.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "api/rejection.h"
#include "base/error.h"
#include "base/file.h"

namespace symbolon::gateway {

struct RecordIndexOptions {
  std::size_t records = 10'000;   // at most
  std::size_t octets = 16 << 20;  // of their lines
};

// Thread-safe. Whichever bound is met first, the oldest goes.
class RecordIndex {
 public:
  explicit RecordIndex(const RecordIndexOptions& options = {}) : options_(options) {}

  // Of a refusal, the line; other records are not kept.
  void keep(std::string_view line);
  // Newest first, RejectionList::kMost at most.
  api::RejectionList look_up(const api::RejectionQuery& query) const;

 private:
  using Line = std::shared_ptr<const std::string>;
  const RecordIndexOptions options_;
  mutable std::mutex mutex_;
  std::deque<Line> lines_;  // oldest first
  std::size_t octets_ = 0;
};

// How far a file is read that may be of any size.
struct SearchBounds {
  std::uint64_t octets = 128 << 20;        // from its end
  std::size_t longest_line = 1 << 20;      // longer ones are passed over
  std::size_t octets_at_once = 256 << 10;  // read
};
// The newest refusal of query.id in the file, if it fits, looked for from the end backwards; what is not a file that
// can be read backwards (a pipe, a terminal, none) holds none. Fails with file_unreadable.
Result<api::RejectionList> look_up_in_file(const Path& file, const api::RejectionQuery& query,
                                           const SearchBounds& bounds = {});

}  // namespace symbolon::gateway
