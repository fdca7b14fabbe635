// Entries of the feed in few octets: what a page in `kFeedMedia` has, and what a gateway keeps in its journal.
//
// A block is the number of its first entry (8), how many issuers it names (2), FeedEntry::issuer of each (32), and the
// entries, whose numbers follow one another without a gap. An entry is its issuer (2: which of those), its reason (1),
// the size of its serial (1; 128 more where invalid_since is there), `at` (8), invalid_since (8 or none) and the
// serial, without leading zeros. A page is the size of its JSON (4), that JSON, a FeedPage without entries, and a
// block, or nothing where it has no entries. Numbers are big-endian, times seconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/feed.h"
#include "base/bytes.h"
#include "base/error.h"

namespace symbolon::api {

inline constexpr std::string_view kFeedMedia = "application/vnd.symbolon.feed";

struct PackedEntry {
  std::uint16_t issuer = 0;  // which of the block's
  RevocationReason reason = RevocationReason::unspecified;
  UnixSeconds at;
  std::optional<UnixSeconds> invalid_since = {};
  ByteView serial;  // 1 to 20 octets
};

void append_packed(std::string& out, const PackedEntry& entry);
// Without the first `count` of what append_packed() wrote.
std::string_view packed_after(std::string_view entries, std::size_t count);

// What stands before its entries; issuers in hex, as FeedEntry::issuer. Fails with bad_request where one is none.
Result<std::string> block_head(std::int64_t first, const std::vector<std::string>& issuers);

// A view: the octets outlive it. Only parse() makes one, so that whoever has it may walk it.
class FeedBlock {
 public:
  static constexpr std::size_t kMostOctets = std::size_t{1} << 20;  // of a block; a writer ends it before that
  static constexpr std::size_t kMostIssuers = 1000;
  static constexpr std::size_t kIssuerOctets = 32;

  // Total. Fails with bad_request and the octet where it breaks.
  static Result<FeedBlock> parse(std::string_view octets);

  std::string_view octets() const { return octets_; }
  std::int64_t first() const { return first_; }
  std::int64_t last() const { return first_ + static_cast<std::int64_t>(size_) - 1; }
  std::size_t size() const { return size_; }  // at least one
  std::size_t issuers() const { return issuers_.size() / kIssuerOctets; }
  ByteView issuer(std::size_t i) const { return as_bytes(issuers_.substr(i * kIssuerOctets, kIssuerOctets)); }

  template <typename Visit>  // void(const PackedEntry&), in order
  void for_each(Visit visit) const {
    for (std::string_view rest = entries_; !rest.empty();) visit(*take(rest));
  }

  // The octets of a block of its first entries, as many.
  std::string_view first_of(std::size_t count) const {
    return octets_.substr(0, octets_.size() - packed_after(entries_, count).size());
  }

  FeedEntry entry(std::int64_t number, const PackedEntry& packed) const;

 private:
  // The next one; none: what stands there is no entry.
  static std::optional<PackedEntry> take(std::string_view& rest);

  std::string_view octets_;
  std::string_view issuers_;
  std::string_view entries_;
  std::int64_t first_ = 0;
  std::size_t size_ = 0;
};

// A page's answer in kFeedMedia: `page.block` instead of its entries.
std::string encode_packed(const FeedPage& page);
// Fails with bad_request; the block of what it gives can be parsed.
Result<FeedPage> decode_packed(std::string_view octets);

}  // namespace symbolon::api
