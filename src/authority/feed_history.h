// The chain over the feed (revocation/feed_chain.h), as a ledger has it: at any entry, without reading all of them
// anew.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "api/feed.h"
#include "authority/feed_log.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "revocation/feed_chain.h"

namespace symbolon::authority {

// What the feed calls the CAs of a ledger. Not thread-safe.
class FeedIssuers {
 public:
  using List = std::function<Result<std::vector<ledger::Issuer>>()>;
  explicit FeedIssuers(List list) : list_(std::move(list)) {}
  // IssuerKey::octets. Asks for the list again where it does not know one. Fails with issuer_unknown, ledger_corrupt,
  // and as the list does.
  Result<crypto::Sha256> octets_of(ledger::IssuerId id);
  // The CA that is called so; of several with one name and one key the first. Fails likewise.
  Result<ledger::IssuerId> find(const crypto::Sha256& octets);

 private:
  Status read();
  List list_;
  std::map<ledger::IssuerId, crypto::Sha256> octets_;
};

// What the chain has of it.
revocation::FeedChainEntry chain_entry_of(const ledger::Revocation& revocation, const crypto::Sha256& issuer);

// Thread-safe. Borrows the ledger.
class FeedHistory {
 public:
  static constexpr std::uint64_t kStep = 1024;    // entries between the places that are remembered
  static constexpr std::uint64_t kRecent = 4096;  // places that are, whole: gateways stand near the newest one
  // `entries` are those of the ledger, as soon as they are committed; null: the ledger is read.
  explicit FeedHistory(ledger::Ledger& ledger, std::shared_ptr<const FeedLog> entries = nullptr);

  // How far the chain goes now.
  Result<revocation::FeedPoint> newest();
  // At this entry; fails with not_found beyond the newest one.
  Result<revocation::FeedPoint> at(std::uint64_t number);
  // Is that the chain's hash at that entry?
  Result<bool> has(const revocation::FeedPoint& point);
  // Places of the chain: the newest, and others ever farther before it (1, 2, 4, ... entries); the last one is 0.
  Result<std::vector<api::FeedMark>> past();

  Result<crypto::Sha256> issuer_octets(ledger::IssuerId id);
  Result<ledger::IssuerId> find_issuer(const crypto::Sha256& octets);

 private:
  // A part of what is new, so that nobody waits for the rest: whether there was any. mutex_ is held, here and below.
  Result<bool> catch_up();
  Result<bool> catch_up_in_ledger();
  void go_on(const revocation::FeedChainEntry& entry);
  revocation::FeedPoint at_or_before(
      std::uint64_t number) const;  // what is remembered; `number` is not beyond the newest
  Result<revocation::FeedPoint> walk(revocation::FeedPoint from, std::uint64_t to);

  ledger::Ledger& ledger_;
  const std::shared_ptr<const FeedLog> entries_;
  std::mutex mutex_;  // guards what follows
  FeedIssuers issuers_;
  revocation::FeedPoint newest_;
  std::vector<crypto::Sha256> steps_;   // the chain at 0, kStep, 2 kStep, ...
  std::vector<crypto::Sha256> recent_;  // the last kRecent places; that of entry n is n % kRecent
};

}  // namespace symbolon::authority
