// A ledger that was restored from a backup, and gateways that know more: as long as one shows a signed head of the feed
// that the ledger's history does not hold, nothing is issued and no word about revocation is published, until the
// ledger has all that this head vouches for, or an operator gives it up.
//
//   a gateway's head, signed by our key, of no entry of ours -> behind (ledger_behind)
//   its entries, page by page, the newest first; each held against the hash that the head, then the page before it,
//   vouches for -> revocations of the ledger
//   the beginning of a page is a place of our own history -> done
//
// Of what was put on hold or released meanwhile, the newest entry of each serial counts alone; a release ends no hold
// that is newer than itself.
//
// Nothing is believed that the head does not prove: a gateway that was broken into cannot invent a revocation, nor a
// position. It can withhold entries of a head that was signed once; an operator ends that (accept_rollback).
#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "api/heads.h"
#include "api/ledger.h"
#include "authority/feed_history.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "crypto/key.h"
#include "ledger/ledger.h"
#include "x509/serial_number.h"

namespace symbolon::authority {

// Thread-safe. Borrows its parts.
class TakingBack {
 public:
  static constexpr std::size_t kMostHeads = 1000;  // that are shown at once
  static constexpr Seconds kClaimShown = kMinute * 10;
  static constexpr std::size_t kMostProven = 1'000'000;  // places of other histories that are remembered

  struct Parts {
    ledger::Ledger& ledger;
    FeedHistory& history;
    const Clock& clock;
    std::function<Result<crypto::PublicKey>()> key;  // of heads
    Path file;  // where heads that are behind us are kept over a restart (StateLayout::heads_behind)
  };
  explicit TakingBack(Parts parts);

  // Takes up what the process before left there. What cannot be read counts as behind.
  void start();

  // Fails with ledger_behind.
  Status check() const;

  // Fails with feed_entry_not_ours (neither refuses anything from then on, but for alarms()), issuer_unknown (an entry
  // is of a CA that the ledger does not have: the others of the page are taken), overloaded, and as ledger and key do.
  Result<api::HandBackAnswer> hand_back(const api::HandBackRequest& request, const std::string& gateway);

  // A gateway named an entry that the ledger does not have, and has not shown a head yet; it asks well again, which
  // ends the alarm after a while; it is forgotten.
  void claimed(const std::string& gateway, std::int64_t number);
  void in_step(const std::string& gateway);
  void forget(const std::string& gateway);

  Result<api::RollbackAcceptance> accept_rollback(const std::string& actor);

  // ledger_behind, feed_entry_not_ours.
  std::vector<Error> alarms() const;

 private:
  using SerialOfCa = std::pair<crypto::Sha256, x509::SerialNumber>;
  // A head that our history does not hold, and down to which place its entries were taken.
  struct Shown {
    std::string gateway;
    api::SignedHead head;
    revocation::FeedPoint proven;
    std::vector<crypto::Sha256> places = {};  // of its history, that were passed
    std::set<SerialOfCa> spoken_of = {};      // what pages so far put on hold or released: older ones do not count
  };
  struct Claim {
    std::int64_t number;
    UnixSeconds at;
  };
  using Digest = crypto::Sha256;
  struct DigestHash {
    std::size_t operator()(const Digest& digest) const {
      std::size_t out = 0;
      std::memcpy(&out, digest.data(), sizeof out);
      return out;
    }
  };

  Result<revocation::SignedHead> verified(const api::HandBackRequest& request, const std::string& gateway);
  Result<std::optional<api::HandBackAnswer>> settled(
      const revocation::SignedHead& head);  // mutex_ is held, here and below
  Result<Shown*> show(const revocation::SignedHead& head, const api::SignedHead& as_shown, const std::string& gateway);
  Result<api::HandBackAnswer> take_page(Shown& shown, const api::HandBackRequest& request, const std::string& gateway);
  static std::vector<revocation::FeedChainEntry> newest_words(std::vector<revocation::FeedChainEntry> entries,
                                                              const std::set<SerialOfCa>& later,
                                                              std::set<SerialOfCa>& here);
  Result<std::int64_t> enter(const std::vector<revocation::FeedChainEntry>& entries, const std::string& gateway);
  void done_with(const Digest& head);
  void keep();
  Status take_up();

  const Parts parts_;
  std::atomic<bool> behind_ = false;
  mutable std::mutex mutex_;  // guards what follows
  std::map<Digest, Shown> shown_;
  std::optional<Error> unreadable_;                // the file of the process before
  std::unordered_set<Digest, DigestHash> proven_;  // places of other histories of which all was taken
  std::map<std::string, Claim> claims_;            // gateways that named an entry and showed no head
  std::map<std::string, Error> refused_;           // what gateways showed that is not ours
};

}  // namespace symbolon::authority
