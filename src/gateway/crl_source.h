// One entry of `gateway.crls` as it stands: its lists, and what is to be said about them. Private to this folder.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/digest.h"
#include "gateway/crl_lists.h"
#include "revocation/crl_set.h"

namespace symbolon::gateway {

using revocation::CrlSet;
using revocation::IssuerKey;

// A plain value: whoever holds it guards it.
struct CrlSourceState {
  CrlConfig config;
  std::vector<x509::Certificate> issuers;     // whose lists these may be
  CrlFiles lists;                             // none: never came
  CrlFiles newest;                            // of each issuer and scope that ever came, without entries
  std::optional<crypto::Sha256> digest;       // of the octets that they came in
  std::vector<x509::Certificate> spoken_for;  // whose lists were here once: they stay asked for
  std::uint64_t failures = 0;                 // of reading or fetching
  std::optional<Error> problem;               // of the last attempt
  std::set<UnixSeconds> said_soon;            // nextUpdate of what was said to be about to end,
  std::set<UnixSeconds> said_stale;           // and to have ended
  std::set<UnixSeconds> said_baseless;        // thisUpdate of deltas that were said to lack their base

  // Takes the place of this one: what that has of issuers that may be here counts on, and what it counted.
  void follow(const CrlSourceState& before);
  void put(CrlFiles next, const crypto::Sha256& of);
  // Nothing older than what ever came: fails with crl_number_went_back.
  Status check_next(const CrlFiles& next) const;
  // What certificates are judged by.
  void add_to(revocation::CrlSet::Contents& contents) const;
  // What is wrong with it now; and of lists that are about to end, have ended or lack their base, what was not told
  // yet.
  std::vector<Error> troubles(const CrlSet& judged_by, UnixSeconds now) const;
  std::vector<Error> news(const CrlSet& judged_by, UnixSeconds now);
  std::string count_text() const;  // entries

 private:
  void note_issuers_of(const CrlFiles& before);
  void note_newest(const CrlFiles& before);
  bool may_have(const IssuerKey& issuer) const;
};

}  // namespace symbolon::gateway
