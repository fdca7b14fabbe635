// What a gateway has heard of revocations, on its own disk: it starts from it when the authority is away.
//
// Appended to; written anew where it was damaged, could not be written, or holds far more than it says. A record is its
// length (4 octets), the CRC32C of what follows (4), a kind (1) and:
//   I  an issuer that the feed speaks for: the two digests of its IssuerKey (32, 32)
//   E  an entry of the feed: number (8), time (8), reason (1; 6: on hold, 8: released), digest of the issuer's key
//   (32),
//      serial; of what was written anew the number is 0, and the reason, unless it is on hold
//   P  all entries up to here stand before it: number (8), the time when the authority said so (8), digest of that
//      entry (32 or none)
// Numbers are big-endian. What a crash left unfinished at the end does not count: the authority is asked for it again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/feed.h"
#include "base/clock.h"
#include "base/file.h"
#include "revocation/revocation_set.h"
#include "x509/serial_number.h"

namespace symbolon::enroll {

// The newest entry that is enforced.
struct FeedPlace {
  std::int64_t number = 0;
  std::string digest = {};  // hex; tells it from one that has its number in another history of the ledger
  bool operator==(const FeedPlace&) const = default;
};

struct JournalEnd {
  FeedPlace place;
  std::optional<UnixSeconds> heard;  // of the authority; absent: never
  std::uint64_t entries = 0;
  std::uint64_t good = 0;  // octets that can be read
  std::uint64_t lost = 0;  // octets behind them that cannot
};

revocation::Effect effect_of(api::RevocationReason reason);

// As the feed writes it: hex, see api::FeedPage::issuers.
Result<revocation::IssuerKey> issuer_key(const std::string& hex);

// Called for what stands there, in order; an entry's issuer comes before it.
struct JournalVisitor {
  std::function<void(const revocation::IssuerKey&)> issuer;
  std::function<void(const revocation::Change&)> entry;
};

// Total: reads as far as the records are whole.
JournalEnd read_journal(std::string_view content, const JournalVisitor& visitor);

// What stands for a page: its entries, and before them the issuers that are new.
std::string journal_records(const std::vector<revocation::IssuerKey>& new_issuers,
                            const std::vector<api::FeedEntry>& entries);
std::string journal_mark(const FeedPlace& place, UnixSeconds heard);
std::string whole_journal(const revocation::RevocationSet& set, const FeedPlace& place, UnixSeconds heard);

// The file, which one process at a time writes. Not thread-safe.
class RevocationJournal {
 public:
  struct Found {
    std::shared_ptr<const revocation::RevocationSet> set;  // never null
    FeedPlace place;
    std::optional<UnixSeconds> heard;
  };
  // Takes the file's lock, if no other process has it, and reads. What cannot be read is said in the log, and does not
  // count.
  explicit RevocationJournal(Path file);
  const Found& found() const { return found_; }

  // Entries that the authority named, before it is said where they end; those of the set that was found stand already.
  void add(const std::vector<std::string>& issuers, const std::vector<api::FeedEntry>& entries);
  // All up to `place` was added, and is what `set` judges by; the authority said so at `heard`. On the disk when it
  // returns, unless the disk refuses: then the log says so, and the file is written anew as soon as it can be.
  void mark(const FeedPlace& place, UnixSeconds heard, Seconds period, const revocation::RevocationSet& set);

 private:
  bool owned();

  Path file_;
  std::optional<FileLock> lock_;
  Found found_;
  std::set<std::string> issuers_;  // hex, that stand in the file
  std::string pending_;            // records that are not on the disk yet
  std::optional<FeedPlace> place_;
  std::optional<UnixSeconds> marked_;  // heard, of the last mark
  std::uint64_t size_ = 0;
  bool anew_ = false;    // the file is not what it should be
  bool failed_ = false;  // and that was said
};

}  // namespace symbolon::enroll
