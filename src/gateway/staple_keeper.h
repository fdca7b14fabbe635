// Keeps the staples of the certificates that routes present: fetched in the background, renewed in time. Private to
// this folder.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tls/credential.h"
#include "tls/staple.h"
#include "x509/trust_bundle.h"

namespace symbolon::gateway {

struct StapleTimes {
  std::chrono::milliseconds first_retry{5'000};  // after a failure; twice as long after each further one
  std::chrono::milliseconds longest_retry{300'000};
  std::chrono::seconds longest_renewal{43'200};  // however long a staple holds
  std::chrono::milliseconds answer{10'000};      // that all responders of a certificate have together
  std::chrono::milliseconds look{60'000};        // at the clock, which may jump, at least this often
};

// What one route presents, where its leaf names a responder.
struct StapleWish {
  std::string route;
  std::shared_ptr<const tls::Credential> credential;  // not null
  std::shared_ptr<const x509::TrustBundle> trust;     // where its issuer may be found, too; null: nowhere else
  std::shared_ptr<tls::StapleSlot> slot;              // not null; one for all wishes of one leaf
};

// A thread of its own asks (none while nothing is kept), so that neither a start nor a handshake waits. A staple is
// renewed when about half of the time to its end (nextUpdate, or its signer's certificate's) is over, and each
// `longest_renewal`; one that cannot be renewed is sent until it ends. An answer other than `good` takes the one before
// away; one that is older than the newest so far is refused. Thread-safe.
class StapleKeeper {
 public:
  explicit StapleKeeper(const Clock& clock, const StapleTimes& times = {});  // the clock is borrowed
  StapleKeeper(const StapleKeeper&) = delete;
  StapleKeeper& operator=(const StapleKeeper&) = delete;
  ~StapleKeeper();  // joins; slots keep what they have

  // The slot of a leaf that is kept already; null: it is not.
  std::shared_ptr<tls::StapleSlot> slot_of(const x509::Certificate& leaf) const;
  // What is kept from now on, and nothing else: leaves that are new are asked about at once. Where memory runs out,
  // what was kept before is kept on.
  void keep(const std::vector<StapleWish>& wishes);
  // For each route that presents a certificate without a staple, why; not before the first attempt has failed. And
  // for each whose staple cannot be renewed, once less than a quarter of its time is left.
  std::vector<std::string> warnings() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::gateway
