// Signed heads of the audit chain and of the feed, as they travel (GET /v1/heads, GET /v1/feed, files of `symbolon
// ledger head`), and what turns them and entries of the feed into what is verified (revocation/signed_head.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/feed.h"
#include "base/clock.h"
#include "base/error.h"
#include "revocation/feed_chain.h"
#include "revocation/signed_head.h"

namespace symbolon::api {

SignedHead view_of(const revocation::SignedHead& head);
// Fails with audit_head_not_ours. The signature is not verified.
Result<revocation::SignedHead> head_of(revocation::HeadKind kind, const SignedHead& head);

// What the chain of the feed has of an entry. Fails with bad_request.
Result<revocation::FeedChainEntry> chain_entry_of(const FeedEntry& entry);

// 64 hexadecimal digits. Fails with bad_request.
Result<crypto::Sha256> sha256_of(std::string_view hex);

// GET /v1/heads: signed for this answer.
struct HeadsAnswer {
  SignedHead audit;
  SignedHead feed;
  std::string key;  // SubjectPublicKeyInfo, PEM
  bool operator==(const HeadsAnswer&) const = default;
};

// POST /v1/feed/hand-back: what a gateway knows and the authority's ledger does not have. Page by page, the newest
// entries first, each page in the order of the feed: the signed head vouches for the newest page, and each page, by its
// `before`, for the one that goes before it.
struct HandBackRequest {
  static constexpr std::size_t kMostEntries = 1000;
  std::string gateway;  // who speaks; over mutual TLS its certificate says it
  SignedHead head;      // of the feed: the newest that the gateway holds
  std::string before;  // hex: hash of the chain before the first of `entries` (of the head itself where there are none)
  std::vector<FeedEntry> entries;  // without gaps; the last one is that of the head, or HandBackAnswer::next
  bool operator==(const HandBackRequest&) const = default;
};

struct HandBackAnswer {
  // What became of it.
  //   done      the ledger has all that this head vouches for: it may be forgotten
  //   go_on     the page was taken, or does not end with the entry that is expected: hand back those up to `next`
  //   given_up  an operator gave up what this head vouches for: it may be forgotten
  enum class Outcome : std::uint8_t { done, go_on, given_up };
  Outcome outcome = Outcome::go_on;
  std::int64_t next = 0;   // number, in the gateway's numbering, of the last entry of the page that is expected
  std::int64_t taken = 0;  // entries of this page that the ledger did not have
  bool operator==(const HandBackAnswer&) const = default;
};
std::string_view name(HandBackAnswer::Outcome outcome);

}  // namespace symbolon::api
