// The feed of revocations: what gateways ask for, who follows it, and how far each has come.
//
//   revoke -> commit -> gateways that wait are answered -> each swaps its set and asks for what follows: that is its
//   acknowledgement -> revoke answers
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/feed.h"
#include "api/gateways.h"
#include "api/revocation.h"
#include "authority/feed_history.h"
#include "authority/feed_log.h"
#include "authority/head_keeper.h"
#include "authority/issuer.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "net/socket.h"

namespace symbolon::authority {

struct FeedTimes {
  std::chrono::milliseconds presence{10'000};    // a gateway that has not asked for so long does not follow
  std::chrono::milliseconds enforcement{2'000};  // that a revocation waits for those that follow
  std::chrono::milliseconds alarm{60'000};       // silence of a gateway beyond which an operator should know
};

// Thread-safe.
class RevocationFeed {
 public:
  static constexpr std::size_t kMostGateways = 1000;
  static constexpr std::size_t kMostProcesses = 8;  // of one; then the one that was heard of longest ago is forgotten

  // Follows the ledger from here on; the ledger keeps a share of what it calls. `entries` are those that the ledger has
  // until now; null: they are read. The clock is borrowed.
  RevocationFeed(ledger::Ledger& ledger, const Clock& clock, FeedTimes times = {},
                 std::shared_ptr<FeedLog> entries = nullptr);
  ~RevocationFeed();

  // The gateway enforces everything up to query.after (behind: of another history, so nothing) and asks for more. From
  // the first time on it counts, and the ledger knows it. Fails with overloaded (too many), and as the ledger does.
  Status heard(const api::FeedQuery& query, bool behind);
  // Until there is something beyond query.after, or a signed head of an entry beyond query.head, or the deadline, or
  // close(). On the executor of the caller.
  net::Task<void> news(api::FeedQuery query, net::Deadline deadline);
  // What follows the entry that is named, at most a page; packed, where the question wants that. Blocks on the ledger.
  Result<api::FeedPage> page(const api::FeedQuery& query, const IssuerSet& issuers);

  FeedHistory& history();
  // What the pages carry from now on.
  void carry(std::shared_ptr<const Heads> heads);

  // Who waits for news is answered: the page names the CAs.
  void issuers_changed();

  // Blocks until every gateway that follows now enforces `number`, or the time for it is over; says which ones do not,
  // those that do not follow included. Nothing: there is no gateway.
  std::optional<api::Enforcement> wait_for_enforcement(std::uint64_t number);

  // All that were heard of, ever, and not forgotten.
  api::GatewayList gateways() const;
  // Those that have been silent for too long: gateway_silent.
  std::vector<Error> alarms() const;
  // It counts no more, until it is heard of again. Fails with not_found, and as the ledger does.
  Result<api::GatewayInfo> forget(const std::string& gateway, const std::string& actor);

  // Nobody waits any more, now and later.
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace symbolon::authority
