// Which paths could there be? Enumerates them, likeliest first, without checking any signature.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "x509/path_problem.h"
#include "x509/path_verification.h"
#include "x509/trust_bundle.h"

namespace symbolon::x509 {

// A best-first search from the leaf over the presented certificates to the anchors, by issuer name. Order: fewest key
// identifiers that disagree, fewest certificates outside their validity, fewest certificates, the order given. Bounded
// by PathLimits. Borrows what it is given.
class PathCandidates {
 public:
  PathCandidates(std::span<const Certificate> presented, const TrustBundle& trust, UnixSeconds at);

  // The next path, leaf first, anchor last; nothing when there are no more, or when the bound is reached.
  std::optional<std::vector<Certificate>> next();
  // Was something left out because of a bound?
  bool too_complex() const { return too_complex_; }
  // `issuer` did not sign `subject`: no path over both comes again.
  void rule_out(const Certificate& subject, const Certificate& issuer);

  struct DeadEnd {
    std::vector<Certificate> path;
    PathFault fault;  // untrusted_issuer, incomplete_chain or self_signed
  };
  // Where the search got no further; the longest such path. For when there was no candidate at all.
  DeadEnd dead_end() const;

 private:
  using Place = std::uint32_t;  // in presented_; anchors behind them
  struct Partial {
    unsigned mismatches = 0;
    unsigned untimely = 0;
    std::vector<Place> places;
    unsigned sequence = 0;
    bool complete = false;
    // Greater: worse.
    bool operator<(const Partial& other) const;
  };

  const Certificate& at(Place place) const;
  bool is_anchor(Place place) const { return place >= presented_.size(); }
  void push(Partial partial);
  void extend(const Partial& from);
  bool add_step(const Partial& from, Place issuer);
  bool repeats(const Partial& path, const Certificate& next) const;

  std::span<const Certificate> presented_;
  const TrustBundle& trust_;
  UnixSeconds at_;
  std::priority_queue<Partial> queue_;
  std::set<std::pair<Fingerprint, Fingerprint>> ruled_out_;
  Partial deepest_;
  unsigned sequence_ = 0;
  bool too_complex_ = false;
};

}  // namespace symbolon::x509
