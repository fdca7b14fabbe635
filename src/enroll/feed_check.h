// Whether entries of the feed are the authority's: each stands in one chain with all before it, and the signer process
// of the authority signs how far that chain goes (revocation/feed_chain.h, revocation/signed_head.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "api/feed_block.h"
#include "api/heads.h"
#include "revocation/signed_head.h"

namespace symbolon::enroll {

// What the chain has of a packed entry.
revocation::FeedChainEntry chain_entry_of(const api::FeedBlock& block, const api::PackedEntry& entry);

// The hash of the chain after the block, which goes on after `before`. `each` gets the number and the hash after each
// entry; it may be unset.
using EachHash = std::function<void(std::int64_t number, const crypto::Sha256& hash)>;
crypto::Sha256 chain_over(const crypto::Sha256& before, const api::FeedBlock& block, const EachHash& each = {});

// The newest signed head that a gateway holds, and the key that it was signed with.
struct KeptHead {
  revocation::SignedHead head;
  Bytes key;  // SubjectPublicKeyInfo
  bool operator==(const KeptHead&) const = default;
};

// What a page says of heads. Fails with audit_head_not_ours: what stands there is none, or the key has not signed it.
Result<std::optional<KeptHead>> head_of(const api::FeedPage& page);

// Of a page whose block goes on after an entry, whose hash is `before` (hex; empty: there was none). Fails with
// feed_entry_not_ours: its entries do not lead to its digest, or not to `head`, which is of one of them.
Status check_page(const std::string& before, const api::FeedBlock& block, const std::string& digest,
                  const std::optional<KeptHead>& head);

}  // namespace symbolon::enroll
