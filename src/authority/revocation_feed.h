// The feed of revocations: what gateways ask for, who follows it, and how far each has come.
//
//   revoke -> commit -> gateways that wait are answered -> each swaps its set and asks for what follows: that is its
//   acknowledgement -> revoke answers
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "api/feed.h"
#include "api/revocation.h"
#include "authority/issuer.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "net/socket.h"

namespace symbolon::authority {

struct FeedTimes {
  std::chrono::milliseconds presence{10'000};    // a gateway that has not asked for so long does not count
  std::chrono::milliseconds enforcement{2'000};  // that a revocation waits for its gateways
};

// Thread-safe.
class RevocationFeed {
 public:
  static constexpr std::size_t kMostFollowers = 1024;

  // Follows the ledger from here on; the ledger keeps a share of what it calls.
  explicit RevocationFeed(ledger::Ledger& ledger, FeedTimes times = {});
  ~RevocationFeed();

  // The gateway enforces everything up to `after` and asks for more. Fails with overloaded (too many names).
  Status heard(const std::string& gateway, std::uint64_t after);
  // Until there is something beyond `after`, or the deadline, or close(). On the executor of the caller.
  net::Task<void> news(std::uint64_t after, net::Deadline deadline);
  // What follows the entry that is named, at most a page. Blocks on the ledger.
  Result<api::FeedPage> page(const api::FeedQuery& query, const IssuerSet& issuers);

  // Who waits for news is answered: the page names the CAs.
  void issuers_changed();

  // Blocks until every gateway that follows now enforces `number`, or the time for it is over. Nothing: none follows.
  std::optional<api::Enforcement> wait_for_enforcement(std::uint64_t number);

  // Nobody waits any more, now and later.
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace symbolon::authority
