#include "authority/feed_log.h"

#include <algorithm>

#include "api/feed_block.h"
#include "authority/records_view.h"

namespace symbolon::authority {
namespace {

// Octets of a piece's entries: with the names of all issuers it is a block still.
constexpr std::size_t kPiece =
    api::FeedBlock::kMostOctets - 64 - api::FeedBlock::kMostIssuers * api::FeedBlock::kIssuerOctets;
// Pieces end at multiples of this, where the chain over the feed is remembered.
constexpr std::uint64_t kStep = 1024;
constexpr std::size_t kLongestEntry = 40;  // octets

}  // namespace

std::uint16_t FeedLog::place_of(ledger::IssuerId issuer) {
  const auto known = std::ranges::find(issuers_, issuer);
  const auto place = static_cast<std::uint16_t>(known - issuers_.begin());
  if (known == issuers_.end()) issuers_.push_back(issuer);
  return place;
}

void FeedLog::append(const ledger::Revocation& revocation) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t next = open_.first + open_.count;
  if (revocation.sequence < next) return;
  const bool full = (next - 1) % kStep == 0 && open_.entries.size() > kPiece - kStep * kLongestEntry;
  if (full || revocation.sequence != next) {
    if (open_.count > 0) {
      open_.entries.shrink_to_fit();
      pieces_.push_back(std::make_shared<const Piece>(std::move(open_)));
    }
    open_ = {.first = revocation.sequence, .count = 0, .entries = {}};
  }
  api::append_packed(open_.entries, {.issuer = place_of(revocation.issuer),
                                     .reason = view_of(revocation).reason,
                                     .at = revocation.revoked_at,
                                     .invalid_since = revocation.invalid_since,
                                     .serial = revocation.serial.magnitude()});
  ++open_.count;
}

Result<FeedLog::Part> FeedLog::after(std::uint64_t number, const OctetsOf& octets_of) const {
  std::unique_lock lock(mutex_);
  const auto ends_beyond = [&](const auto& piece) { return piece->first + piece->count > number + 1; };
  const auto found = std::ranges::find_if(pieces_, ends_beyond);
  std::shared_ptr<const Piece> piece = found != pieces_.end() ? *found : nullptr;
  if (!piece && open_.first + open_.count <= number + 1) return Part();
  const bool more = piece && (found + 1 != pieces_.end() || open_.count > 0);
  if (!piece) piece = std::make_shared<const Piece>(open_);
  const std::vector<ledger::IssuerId> ids = issuers_;
  lock.unlock();

  std::vector<std::string> keys;
  for (const ledger::IssuerId id : ids) {
    const crypto::Sha256 octets = TRY(octets_of(id));
    keys.push_back(to_hex(octets));
  }
  const std::uint64_t first = std::max(number + 1, piece->first);
  Part out{.block = TRY(api::block_head(static_cast<std::int64_t>(first), keys)),
           .last = piece->first + piece->count - 1,
           .more = more};
  out.block += api::packed_after(piece->entries, static_cast<std::size_t>(first - piece->first));
  return out;
}

}  // namespace symbolon::authority
