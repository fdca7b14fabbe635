// What a gateway has heard of revocations, on its own disk: it starts from it when the authority is away.
//
// Only ever appended to. A record is its length (4 octets), the CRC32C of what follows (4), a kind (1) and:
//   I  an issuer that the feed speaks for: the two digests of its IssuerKey (32, 32)
//   E  an entry of the feed: number (8), time (8), reason (1), digest of the issuer's key (32), serial
//   P  how far it goes: number (8), digest of that entry (32 or none), the time when the authority said so (8)
// Numbers are big-endian. What a crash left unfinished at the end is cut off: the authority is asked for it again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/feed.h"
#include "base/clock.h"
#include "base/file.h"
#include "revocation/issuer_key.h"
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

// Called for what stands there, in order; an entry's issuer comes before it.
struct JournalVisitor {
  std::function<void(const revocation::IssuerKey&)> issuer;
  std::function<void(const revocation::IssuerKey&, const x509::SerialNumber&, UnixSeconds)> entry;
};

// Total: reads as far as the records are whole.
JournalEnd read_journal(std::string_view content, const JournalVisitor& visitor);

// The records for a page, in the order in which they must stand.
std::string journal_records(const std::vector<revocation::IssuerKey>& new_issuers, const api::FeedPage& page,
                            const FeedPlace& place, UnixSeconds heard);

}  // namespace symbolon::enroll
