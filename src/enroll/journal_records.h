// The records of a gateway's journal of revocations, as octets.
//
// A record is its length (4 octets), the CRC32C of what follows (4), a kind (1) and:
//   I  an issuer that the feed speaks for: the two digests of its IssuerKey (32, 32)
//   B  entries of the feed, with all that it says of them: an api::FeedBlock that goes on where the one before ended
//   K  an entry of a feed that the authority gave up, which is enforced all the same: 0 (8), time (8), 0 (1), digest of
//      the issuer's key (32), serial
//   H  the newest signed head of the feed that was heard of: count (8), time (8), hash (32), size of the key (2), the
//      SubjectPublicKeyInfo that it was signed with, its signature
//   P  all entries up to here stand before it: number (8), the time when the authority said so (8), digest of that
//      entry (32 or none)
//   E  as K, in files of earlier versions, for every entry: such a file is enforced, and the feed is read anew
// Numbers are big-endian. What stands behind the last P does not count: the authority is asked for it again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/feed_block.h"
#include "base/clock.h"
#include "base/file.h"
#include "enroll/feed_check.h"
#include "revocation/revocation_set.h"
#include "x509/serial_number.h"

namespace symbolon::enroll {

// Octets of a record before its kind.
inline constexpr std::size_t kRecordHead = 8;

// The newest entry that is enforced.
struct FeedPlace {
  std::int64_t number = 0;
  std::string digest = {};  // hex; tells it from one that has its number in another history of the ledger
  bool operator==(const FeedPlace&) const = default;
};

struct JournalEnd {
  FeedPlace place;
  std::optional<UnixSeconds> heard;  // of the authority; absent: never
  std::uint64_t entries = 0;         // all that can be read
  std::uint64_t good = 0;            // octets that can be read
  std::uint64_t lost = 0;            // octets behind them that cannot
  std::uint64_t marked = 0;          // octets up to the end of the last P
  std::uint64_t marks = 0;           // octets of all P and H
  std::optional<KeptHead> head = {};
  bool earlier_version = false;
};

// As the feed writes it: hex, see api::FeedPage::issuers.
Result<revocation::IssuerKey> issuer_key(const std::string& hex);

revocation::Effect effect_of(api::RevocationReason reason);

// Called for what stands there, in order; an entry's issuer comes before it.
struct JournalVisitor {
  std::function<void(const revocation::IssuerKey&)> issuer;
  std::function<void(const revocation::Change&)> entry;
  std::function<void(const api::FeedBlock&)> block = {};                // before its entries; may be unset
  std::function<void(char kind, std::string_view record)> record = {};  // each one, whole; may be unset
};

// Total: reads as far as the records are whole.
JournalEnd read_journal(std::string_view content, const JournalVisitor& visitor);
// The same of a file, in pieces. Fails as read_file; `end` says how far it came.
Status read_journal(const Path& file, const JournalVisitor& visitor, JournalEnd& end);

std::string journal_issuer(const revocation::IssuerKey& issuer);
std::string journal_block(std::string_view block);
std::string journal_head(const KeptHead& head);
std::string journal_mark(const FeedPlace& place, UnixSeconds heard);
// Every entry of the set, as one that the authority gave up, and the issuers.
std::string journal_kept(const revocation::RevocationSet& set);

}  // namespace symbolon::enroll
