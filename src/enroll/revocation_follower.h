// Follows the authority's feed of revocations: the set that a gateway in another process judges by.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "enroll/authority_reach.h"
#include "enroll/seen_report.h"
#include "revocation/revocation_source.h"

namespace symbolon::enroll {

struct FollowerOptions {
  ReachAuthority reach;                         // opened anew after each failure
  std::string name;                             // of the gateway, under which the authority counts it
  std::optional<Path> journal = {};             // revocation_journal.h; none: the authority must be there at each start
  std::vector<x509::Certificate> anchors = {};  // a journal that does not speak of them is of another authority
  std::string process = {};                     // of it: while one drains, the next one runs
  std::chrono::milliseconds wait{2'000};        // that the authority may keep a question without news: the heartbeat
  std::chrono::milliseconds longest_retry{5'000};
  Seconds stale_after{3600};                         // silence beyond which nothing of its CAs counts as unrevoked
  std::function<void()> on_issuers_changed = [] {};  // on the follower's thread
};

// Whether revocations arrive.
struct FollowerState {
  std::uint64_t number = 0;           // the newest entry that is enforced
  std::optional<UnixSeconds> broken;  // since when nothing arrives; absent: they do
  std::optional<Error> why = {};      // then
};

// A thread of its own asks. Thread-safe.
class RevocationFollower {
 public:
  // The whole feed is in the set when this returns; or, where the authority is away, what the journal holds, if that is
  // not older than `stale_after`. The clock is borrowed. Fails with authority_unreachable, and as the authority says.
  static Result<std::unique_ptr<RevocationFollower>> follow(FollowerOptions options, const Clock& clock);
  RevocationFollower(const RevocationFollower&) = delete;
  RevocationFollower& operator=(const RevocationFollower&) = delete;
  ~RevocationFollower();

  // Changes before the authority hears that an entry is enforced. When the feed breaks, the last set stays, and the log
  // says so: what is revoked stays revoked, and after `stale_after` nothing is good any more.
  std::shared_ptr<const revocation::RevocationSource> source() const;
  FollowerState state() const;
  // Called with FeedPage::ticket_keys: now, if the authority has said one, and for each other one that it says, on the
  // follower's thread, before anything of that page is enforced. Empty: nobody is, and no call runs any more.
  void on_ticket_keys(std::function<void(const std::string& generation)> hook);
  // From now on the authority is told what stands in this inventory (seen_report.h), on the follower's thread, between
  // its questions. Empty: nobody is asked any more, and no call runs; this waits for one that runs.
  void report_seen(SeenReport::Ask inventory);

 private:
  struct Impl;
  explicit RevocationFollower(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::enroll
