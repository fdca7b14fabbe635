// What a CrlPublisher consists of: for crl_publisher.cc, crl_making.cc, crl_taking_up.cc and crl_thread.cc only.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "authority/crl_folder.h"
#include "authority/crl_publisher.h"
#include "authority/delta_bases.h"

namespace symbolon::authority {

// What the ledger's hook rings; it may outlive the publisher.
struct CrlBell {
  std::mutex mutex;
  std::condition_variable rung;
  std::set<ledger::IssuerId> revoked;  // CAs with revocations that no CRL has
  bool unsure = false;                 // there was no memory to say which
  bool behind = false;                 // the thread took some up, and has not published all of them
  bool issuers_changed = false;
  bool stopping = false;

  bool has_news() const { return stopping || issuers_changed || unsure || !revoked.empty(); }
};

// As std::timed_mutex, made of what the thread sanitizer can follow.
class CrlMutex {
 public:
  void lock() {
    std::unique_lock held(mutex_);
    freed_.wait(held, [this] { return !taken_; });
    taken_ = true;
  }
  bool try_lock_for(std::chrono::milliseconds span) {
    std::unique_lock held(mutex_);
    if (!freed_.wait_for(held, span, [this] { return !taken_; })) return false;
    taken_ = true;
    return true;
  }
  void unlock() {
    {
      const std::lock_guard held(mutex_);
      taken_ = false;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  bool taken_ = false;
};

struct CrlPublisher::Impl {
  using SteadyTime = std::chrono::steady_clock::time_point;
  using Made = Result<std::shared_ptr<const Crl>>;
  static SteadyTime steady_now() { return std::chrono::steady_clock::now(); }
  static constexpr std::chrono::milliseconds kLongestPause{20'000};  // between two full CRLs

  Impl(ledger::Ledger& records, const Clock& time, StateLayout layout, Issuers get, CrlPublisherOptions chosen)
      : ledger(records), clock(time), issuers(std::move(get)), options(std::move(chosen)), folder(std::move(layout)) {}

  bool publishes() const { return options.publish == CrlPublisherOptions::Publish::yes; }
  std::shared_ptr<const Crl> find(const std::string& issuer, const CrlPart& part = {}) const;
  void keep(std::shared_ptr<const Crl> crl);
  void forget(const std::string& issuer);
  void note_failure(const std::string& what, const Error& why);
  void note_success(const std::string& what);
  void note_standing(const Issuer& issuer, Status standing);
  std::optional<Error> shortcoming_of(const Issuer& issuer, const IssuerSet& set) const;

  // -- crl_making.cc; `making` is held.
  Result<UnixSeconds> this_update_after(std::optional<UnixSeconds> last);
  Made make(const Issuer& issuer, const CrlIssuer& all, const signer::CrlName& name,
            std::uint64_t base_revocations = 0);
  Made publish(const Issuer& issuer, Made made);
  Made publish_full(const Issuer& issuer, const CrlIssuer& all);
  enum class Delta : std::uint8_t { made, needs_another_full_one };
  Result<Delta> publish_delta(const Issuer& issuer, const CrlIssuer& all, const Crl& full);
  Made publish_both(const Issuer& issuer, const CrlIssuer& all);
  Made make_and_publish(const Issuer& issuer, const IssuerSet& set);
  std::set<std::uint16_t> shard_counts_of(const Issuer& issuer) const;
  Result<std::set<CrlPart>> shards_to_make(const Issuer& issuer, const CrlIssuer& all, std::uint64_t newest);
  Status make_shards(const Issuer& issuer, const CrlIssuer& all);
  Status publish_shards(const Issuer& issuer, const IssuerSet& set);
  Made renew(const Issuer& issuer, const IssuerSet& set, Seconds at_most);
  bool is_due(const Crl* there) const;
  bool has_all(const std::shared_ptr<const Crl>& crl) const;

  // -- crl_taking_up.cc; likewise.
  Made published(const Issuer& issuer, const CrlIssuer& all);
  Status take_up_parts(const Issuer& issuer, const CrlIssuer& all, const Made& full);
  Status take_up(const CrlIssuer& all, const IssuerSet& set);
  bool settled(const CrlIssuer& all) const;
  Status look_at(const Issuer& issuer, const CrlIssuer& all, bool revoked);

  // -- crl_thread.cc
  std::set<ledger::IssuerId> left_over();
  void run();
  void turn(const std::set<ledger::IssuerId>& revoked, bool full_ones);
  void turn_of(const Issuer& issuer, const IssuerSet& set, const std::set<ledger::IssuerId>& revoked);
  void attempt(const Issuer& issuer, const IssuerSet& set);
  void attempt_shards(const Issuer& issuer, const IssuerSet& set);
  std::chrono::milliseconds until_retry() const;
  std::chrono::milliseconds pause_of(bool done, bool waiting) const;

  ledger::Ledger& ledger;
  const Clock& clock;
  const Issuers issuers;
  const CrlPublisherOptions options;

  CrlMutex making;  // one CRL at a time; guards what follows
  CrlFolder folder;
  std::set<std::string> compared;  // whose published CRL, if there is one, lists nothing that the ledger lacks
  std::map<ledger::IssuerId, UnixSeconds> last_update;           // of full ones; by the CA's first certificate
  std::map<ledger::IssuerId, UnixSeconds> last_shard_update;     // likewise
  std::map<std::string, DeltaBases> bases;                       // by issuer's name
  std::map<std::string, std::set<std::uint16_t>> former_shards;  // likewise: what lay in the folder
  std::map<std::string, std::uint64_t> shard_positions;          // likewise: they have all up to there
  std::map<std::string, std::optional<std::filesystem::file_time_type>> looked_at;  // of CAs whose key is not here

  mutable std::mutex mutex;  // guards what follows
  std::map<std::pair<std::string, CrlPart>, std::shared_ptr<const Crl>> crls;
  std::map<std::string, Error> failures;
  std::map<std::string, bool> lacking;      // of CAs whose key is not here: their CRL misses a revocation
  std::map<std::string, Status> standings;  // what the comparison of the published CRL with the ledger came to
  SteadyTime full_from;                     // no further full CRL before: making them takes half of one core at most

  std::shared_ptr<CrlBell> bell = std::make_shared<CrlBell>();
  std::atomic<bool> looked_around = false;               // what lies in the folder is known
  std::map<ledger::IssuerId, SteadyTime> retries;        // the thread's: what failed, and when it is tried again
  std::map<ledger::IssuerId, SteadyTime> shard_retries;  // likewise
  std::thread thread;
};

// Half of its time is over.
inline UnixSeconds half_over(const Crl& crl) {
  return crl.this_update + Seconds{(crl.next_update - crl.this_update).count / 2};
}

}  // namespace symbolon::authority
