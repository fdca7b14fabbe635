#include "gateway/record_index.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "api/codec.h"
#include "base/file_access.h"

namespace symbolon::gateway {
namespace {

// As refused_record() begins them: no value of before the id can hold what its member looks like.
constexpr std::string_view kRefused = "{\"record\":\"refused\",";
constexpr std::string_view kId = "\"id\":\"";

constexpr std::size_t kAnswered = 1 << 20;  // octets of lines after which a list ends

bool is_refusal(std::string_view line) { return line.starts_with(kRefused); }

bool has_id(std::string_view line, std::string_view id) {
  const std::size_t at = line.find(kId);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = line.substr(at + kId.size());
  return rest.starts_with(id) && rest.substr(id.size()).starts_with('"');
}

// A quick look, before the line is read as JSON: quotes inside of values are escaped.
bool may_fit(std::string_view line, const api::RejectionQuery& query) {
  if (!query.id.empty() && !has_id(line, query.id)) return false;
  return query.fingerprint.empty() ||
         line.find(fmt::format("\"fingerprint\":\"{}\"", query.fingerprint)) != std::string_view::npos;
}

// None: it does not fit, or what the file has there is no record of ours.
std::optional<api::RejectionRecord> fitting(std::string_view line, const api::RejectionQuery& query) {
  if (!may_fit(line, query)) return std::nullopt;
  auto record = api::decode_answer<api::RejectionRecord>(line);
  if (!record) return std::nullopt;
  if (!query.id.empty() && record->id != query.id) return std::nullopt;
  if (!query.fingerprint.empty() && !api::is_about(*record, query.fingerprint)) return std::nullopt;
  return *std::move(record);
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::unexpected<Error> unreadable(const Path& file, int problem) {
  return fail_at(file.string(), Code::file_unreadable, "{}", std::generic_category().message(problem));
}

// False: the file ends before, since it was cut meanwhile.
Result<bool> read_at(int descriptor, std::uint64_t offset, std::string& into, const Path& file) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::pread(descriptor, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(file, errno);
    if (n == 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

// The lines of a piece of the file, last one first. What stands before the piece's first line break may be the end of a
// line that begins earlier: it waits for the piece before.
class Backwards {
 public:
  explicit Backwards(std::size_t longest) : longest_(longest) {}

  // `found` says whether to stop.
  template <typename Found>
  bool take(std::string_view piece, const Found& found) {
    while (true) {
      const std::size_t at = piece.rfind('\n');
      if (at == std::string_view::npos) break;
      if (end_line(piece.substr(at + 1), found)) return true;
      piece = piece.substr(0, at);
    }
    add(piece);
    return false;
  }
  // The file's first line has none before it.
  template <typename Found>
  bool finish(const Found& found) {
    return end_line({}, found);
  }

 private:
  template <typename Found>
  bool end_line(std::string_view first_part, const Found& found) {
    add(first_part);
    // What follows the last line break is being written still.
    const bool whole = seen_break_ && !too_long_;
    seen_break_ = true;
    too_long_ = false;
    std::string line;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) line += *part;
    parts_.clear();
    length_ = 0;
    return whole && found(line);
  }
  void add(std::string_view part) {
    length_ += part.size();
    too_long_ = too_long_ || length_ > longest_;
    if (too_long_) {
      parts_.clear();
    } else if (!part.empty()) {
      parts_.emplace_back(part);
    }
  }

  const std::size_t longest_;
  std::vector<std::string> parts_;  // of the line, the last one first
  std::size_t length_ = 0;
  bool too_long_ = false;
  bool seen_break_ = false;
};

}  // namespace

void RecordIndex::keep(std::string_view line) {
  if (!is_refusal(line)) return;
  auto kept = std::make_shared<const std::string>(line);
  const std::lock_guard lock(mutex_);
  octets_ += kept->size();
  lines_.push_back(std::move(kept));
  while (lines_.size() > options_.records || octets_ > options_.octets) {
    octets_ -= lines_.front()->size();
    lines_.pop_front();
  }
}

api::RejectionList RecordIndex::look_up(const api::RejectionQuery& query) const {
  std::vector<Line> lines;
  {
    const std::lock_guard lock(mutex_);
    lines.assign(lines_.rbegin(), lines_.rend());
  }
  api::RejectionList out;
  std::size_t octets = 0;
  for (const Line& line : lines) {
    auto record = fitting(*line, query);
    if (!record) continue;
    out.records.push_back(*std::move(record));
    octets += line->size();
    if (out.records.size() == api::RejectionList::kMost || octets > kAnswered) break;
  }
  return out;
}

Result<api::RejectionList> look_up_in_file(const Path& file, const api::RejectionQuery& query,
                                           const SearchBounds& bounds) {
  api::RejectionList out;
  std::error_code ignored;
  if (query.id.empty() || !std::filesystem::is_regular_file(file, ignored)) return out;
  const Descriptor opened(open_file(file, OpenFor::reading));
  if (opened.get() < 0 && errno == ENOENT) return out;
  if (opened.get() < 0) return unreadable(file, errno);
  struct stat info{};
  if (::fstat(opened.get(), &info) != 0) return unreadable(file, errno);
  std::uint64_t end = static_cast<std::uint64_t>(std::max<off_t>(info.st_size, 0));
  const std::uint64_t begin = end > bounds.octets ? end - bounds.octets : 0;
  // An id comes back after a million connections: the newest one is meant.
  const auto found = [&](std::string_view line) {
    if (!is_refusal(line) || !has_id(line, query.id)) return false;
    if (auto record = fitting(line, query)) out.records.push_back(*std::move(record));
    return true;
  };
  Backwards lines(bounds.longest_line);
  std::string piece;
  while (end > begin) {
    piece.resize(std::min<std::uint64_t>(end - begin, bounds.octets_at_once));
    end -= piece.size();
    if (!TRY(read_at(opened.get(), end, piece, file))) return out;
    if (lines.take(piece, found)) return out;
  }
  if (end == 0) lines.finish(found);
  return out;
}

}  // namespace symbolon::gateway
