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
  bool repeated = false;     // after its wait: it says nothing new (not of the wire)
  std::int64_t wait = 0;     // milliseconds to wait for something new; then the page is empty
};

struct FeedEntry {
  std::int64_t number = 0;  // 1, 2, 3, ...
  std::string issuer;       // hex: SHA-256 over the CA's canonical name and the SHA-256 of its key
  std::string serial;       // hex
  RevocationReason reason = RevocationReason::unspecified;
  UnixSeconds at;
  bool operator==(const FeedEntry&) const = default;
};

struct FeedPage {
  static constexpr std::size_t kMostEntries = 10'000;
  // The CAs that the feed speaks for, also those that revoked nothing: hex, as FeedEntry::issuer, followed by the
  // SHA-256 of the CA's canonical name.
  std::vector<std::string> issuers;
  std::vector<FeedEntry> entries;  // in order
  // Of the last entry, without entries of the one that was asked for: SHA-256 over all that the ledger has of it, hex.
  // Absent: nothing was revoked yet, or `behind`.
  std::optional<std::string> digest;
  bool more = false;  // further ones are there already
  // The authority has no entry of this number and digest (a backup was restored): keep what is enforced, and ask from
  // the beginning.
  bool behind = false;
  bool operator==(const FeedPage&) const = default;
};

}  // namespace symbolon::api
