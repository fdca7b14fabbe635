#include "enroll/revocation_journal.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace symbolon::enroll {
namespace {

constexpr std::uint64_t kMostMarks = 1 << 20;               // octets of P and H
constexpr std::size_t kMostPending = std::size_t{1} << 20;  // octets
constexpr std::chrono::milliseconds kFirstPause{100};       // after the disk has refused
constexpr std::chrono::milliseconds kLongestPause{60'000};

}  // namespace

using revocation::IssuerKey;

RevocationJournal::RevocationJournal(Path file) : file_(std::move(file)) {
  revocation::RevocationSet::Builder builder;
  const JournalVisitor visitor{.issuer =
                                   [&](const IssuerKey& key) {
                                     builder.issuer(key, {});
                                     issuers_.insert(to_hex(key.octets) + to_hex(key.name));
                                   },
                               .entry = [&](const revocation::Change& change) { builder.change(change); }};
  const bool ours = owned();
  JournalEnd end;
  const Status read = read_journal(file_, visitor, end);
  if (!read && read.error().code != Code::file_missing) log(LogLevel::error, read.error());
  if (end.lost != 0) {
    log(LogLevel::warning,
        fmt::format("{}: {} octets at its end cannot be read; the authority is asked again", file_.string(), end.lost));
  }
  if (end.earlier_version) end.place = {};  // what it calls a digest is another one
  head_ = end.head;
  found_ = {builder.build(), end.place, end.heard, end.head};
  if (ours && read) known_ = std::move(end);
}

// While another process of this gateway drains, that one writes.
bool RevocationJournal::owned() {
  if (lock_) return true;
  auto taken = FileLock::take(Path(file_.string() + ".lock"));
  if (taken) lock_ = std::move(*taken);
  return taken.has_value();
}

std::optional<FeedPlace> RevocationJournal::reaches() {
  if (out_ && out_->in_place()) return reached_;
  out_.reset();
  const Instant now = std::chrono::steady_clock::now();
  if (now < retry_ || !owned()) return std::nullopt;
  if (const Status opened = open(); !opened) {
    failed(opened.error());
    return std::nullopt;
  }
  return reached_;
}

Status RevocationJournal::open() {
  pending_.clear();
  place_.reset();
  marked_.reset();
  JournalEnd end;
  bool readable = known_.has_value();
  if (known_) {
    end = *std::exchange(known_, std::nullopt);
  } else {
    issuers_.clear();
    const JournalVisitor visitor{
        .issuer = [&](const IssuerKey& key) { issuers_.insert(to_hex(key.octets) + to_hex(key.name)); },
        .entry = [](const revocation::Change&) {}};
    readable = read_journal(file_, visitor, end).has_value();
  }
  if (!back_ && readable) head_ = end.head;
  const bool goes_on = readable && !end.earlier_version;
  const bool as_it_is =
      goes_on && !back_ && end.heard && end.lost == 0 && end.marked == end.good && end.marks <= kMostMarks;
  if (!as_it_is) return begin_file(goes_on ? end : JournalEnd());
  out_ = TRY(JournalFile::at_its_end(file_));
  reached_ = end.place;
  place_ = end.place;
  marked_ = end.heard;
  marks_ = end.marks;
  return {};
}

// With what the old one has up to its last mark, but for the marks.
Status RevocationJournal::begin_file(const JournalEnd& end) {
  issuers_.clear();
  JournalFile out = TRY(JournalFile::instead_of(file_));
  Status written;
  const auto put = [&](std::string_view records) {
    if (written) written = out.write(records);
  };
  const std::int64_t last = std::min(back_ ? back_->common.number : end.place.number, end.place.number);
  // Of blocks only what is not beyond `last`; one mark and one head are enough.
  const auto put_again = [&](char kind, std::string_view record) {
    if (kind == 'P' || kind == 'H') return;
    if (kind != 'B') return put(record);
    const auto block = api::FeedBlock::parse(record.substr(kRecordHead + 1));
    if (!block || block->first() > last) return;
    if (block->last() <= last) return put(record);
    put(journal_block(block->first_of(static_cast<std::size_t>(last - block->first() + 1))));
  };
  const auto note = [&](const IssuerKey& key) { issuers_.insert(to_hex(key.octets) + to_hex(key.name)); };
  if (back_) {
    back_->kept->for_each(note, [](const auto&...) {});
    put(journal_kept(*back_->kept));
  }
  if (end.marked > 0) {
    std::uint64_t seen = 0;
    const JournalVisitor visitor{.issuer =
                                     [&](const IssuerKey& key) {
                                       if (seen < end.marked) note(key);
                                     },
                                 .entry = [](const revocation::Change&) {},
                                 .record =
                                     [&](char kind, std::string_view record) {
                                       if (seen < end.marked) put_again(kind, record);
                                       seen += record.size();
                                     }};
    JournalEnd again;
    TRY(read_journal(file_, visitor, again));
  }
  TRY(written);
  out_ = std::move(out);
  reached_ = back_ && back_->common.number <= end.place.number ? back_->common : end.place;
  marks_ = 0;
  head_is_new_ = head_.has_value();
  return {};
}

void RevocationJournal::add(const std::vector<std::string>& issuers, const api::FeedBlock* block,
                            const FeedPlace& end) {
  if (!out_) return;
  for (const std::string& issuer : issuers) {
    const auto key = issuer_key(issuer);
    if (key && issuers_.insert(issuer).second) pending_ += journal_issuer(*key);
  }
  if (block == nullptr || block->first() != reached_.number + 1) return;
  pending_ += journal_block(block->octets());
  reached_ = end;
  if (pending_.size() >= kMostPending) write(std::exchange(pending_, {}));
}

void RevocationJournal::drop_unmarked() {
  if (reached_ == place_) return;
  pending_.clear();
  out_.reset();
}

void RevocationJournal::keep_head(const KeptHead& head) {
  if (head_ && head_->key == head.key && head_->head.head.count >= head.head.head.count) return;
  head_ = head;
  head_is_new_ = true;
}

void RevocationJournal::go_back(const FeedPlace& common, std::shared_ptr<const revocation::RevocationSet> kept) {
  if (head_ && static_cast<std::int64_t>(head_->head.head.count) > common.number) head_.reset();
  back_ = Back{common, std::move(kept)};
  out_.reset();
  retry_ = {};
}

void RevocationJournal::mark(const FeedPlace& place, UnixSeconds heard, Seconds period) {
  const auto reached = reaches();
  if (!reached || *reached != place) return;
  const bool lately = marked_ && heard >= *marked_ && heard - *marked_ < period;
  const bool with_head = head_is_new_ && static_cast<std::int64_t>(head_->head.head.count) <= place.number;
  if (pending_.empty() && !with_head && place == place_ && lately) return;
  const std::string mark = (with_head ? journal_head(*head_) : std::string()) + journal_mark(place, heard);
  write(std::exchange(pending_, {}) + mark);
  if (!out_) return;
  if (const Status synced = out_->sync(); !synced) return failed(synced.error());
  if (std::exchange(failed_, false)) log(LogLevel::info, "revocations are kept on disk again");
  pause_ = {};
  head_is_new_ = head_is_new_ && !with_head;
  back_.reset();
  place_ = place;
  marked_ = heard;
  marks_ += mark.size();
  if (marks_ > kMostMarks) out_.reset();  // the next one is without them
}

void RevocationJournal::write(std::string_view records) {
  if (const Status written = out_->write(records); !written) failed(written.error());
}

// A part may stand there.
void RevocationJournal::failed(const Error& why) {
  if (!std::exchange(failed_, true)) log(LogLevel::error, why);
  out_.reset();
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  retry_ = std::chrono::steady_clock::now() + pause_;
}

}  // namespace symbolon::enroll
