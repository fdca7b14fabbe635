// GET /v1/feed: the revocations in the order of their commits, for gateways. Whoever asks for what follows entry N says
// by that that it enforces everything up to N. The entry is named by its number and its digest: a ledger that was
// restored from a backup gives the same numbers to other revocations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/certificate.h"

namespace symbolon::api {

// The gateway beside the authority; no certificate may be called so.
inline constexpr std::string_view kLocalGateway = "local";

struct FeedQuery {
  static constexpr std::int64_t kLongestWait = 30'000;
  // Who asks. Over mutual TLS this does not count: it is the certificate's subject.
  std::string gateway;
  std::string process = {};  // which of its processes: while one drains, the next one runs; empty: the only one
  std::string version = {};  // of its software
  std::int64_t after = 0;    // enforced already; 0: nothing
  std::string digest = {};   // FeedPage::digest that came with it; empty for 0
  // SignedHead::count of the newest signed head of the feed that it holds, 0 for none: a newer one ends the wait.
  std::optional<std::int64_t> head = {};
  bool repeated = false;  // after its wait: it says nothing new (not of the wire)
  bool packed = false;    // FeedPage::block instead of its entries (on the wire: Accept)
  std::int64_t wait = 0;  // milliseconds to wait for something new; then the page is empty
};

struct FeedEntry {
  std::int64_t number = 0;  // 1, 2, 3, ...
  std::string issuer;       // hex: SHA-256 over the CA's canonical name and the SHA-256 of its key
  std::string serial;       // hex
  RevocationReason reason = RevocationReason::unspecified;
  UnixSeconds at;
  std::optional<UnixSeconds> invalid_since = {};  // RFC 5280 §5.3.2
  bool operator==(const FeedEntry&) const = default;
};

// How far a chain goes, signed by a key outside the ledger (revocation/signed_head.h).
struct SignedHead {
  std::int64_t count = 0;  // entries
  std::string hash;        // hex, of the chain up to the last of them
  UnixSeconds time;        // when it was signed
  std::string signature;   // base64
  bool operator==(const SignedHead&) const = default;
};

// A place of the authority's chain.
struct FeedMark {
  std::int64_t number = 0;
  std::string hash;  // hex, of the chain up to this entry (revocation/feed_chain.h)
  bool operator==(const FeedMark&) const = default;
};

struct FeedPage {
  static constexpr std::size_t kMostEntries = 10'000;
  // The CAs that the feed speaks for, also those that revoked nothing: hex, as FeedEntry::issuer, followed by the
  // SHA-256 of the CA's canonical name.
  std::vector<std::string> issuers;
  std::vector<FeedEntry> entries;  // in order
  std::string block = {};          // instead of them, in kFeedMedia: feed_block.h; not in the JSON
  // Of the last entry, without entries of the one that was asked for: the hash of the chain up to it, hex
  // (revocation/feed_chain.h). Absent: nothing was revoked yet, or `behind`.
  std::optional<std::string> digest;
  bool more = false;  // further ones are there already
  // The authority has no entry of this number and digest (a backup was restored): keep what is enforced, and ask from
  // the beginning.
  bool behind = false;
  // Where `behind`: some places of the authority's own chain, the newest first, ever farther apart, the last one 0. The
  // first of them that the gateway's chain has, too, is a past that both have; what the gateway knows beyond it is
  // handed back (api/heads.h).
  std::vector<FeedMark> past = {};
  // The newest signed heads, and the key that signs them (SubjectPublicKeyInfo, base64). Absent: none is signed yet, or
  // nobody here signs any. The head of the feed may be of an entry beyond those that the gateway has, or before them.
  std::optional<SignedHead> feed_head = {};
  std::optional<SignedHead> audit_head = {};
  std::optional<std::string> head_key = {};
  // TicketKeysAnswer::generation as it is now. Absent: nobody here shares keys of tickets.
  std::optional<std::string> ticket_keys = {};
  bool operator==(const FeedPage&) const = default;
};

}  // namespace symbolon::api
