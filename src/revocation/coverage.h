// What one list of revocations is about, and until when it counts.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "x509/certificate.h"

namespace symbolon::revocation {

// Our own ledger covers everything and is never stale: the defaults. A CRL may narrow itself (RFC 5280 §5.2.5).
struct Coverage {
  bool users = true;               // certificates that are no CA's
  bool cas = true;                 // those of CAs
  bool points_unknown = false;     // only some reasons, or a point that we cannot compare: covers nothing
  std::vector<Bytes> points = {};  // DER GeneralNames; any: only certificates with one of them as distribution point
  std::optional<UnixSeconds> next_update = {};  // none: never stale

  // Is it about the same certificates? nextUpdate is not compared.
  bool same_scope(const Coverage& other) const {
    return users == other.users && cas == other.cas && points_unknown == other.points_unknown && points == other.points;
  }
  bool whole() const { return users && cas && !points_unknown && points.empty(); }
  // RFC 5280 §6.3.3 (b)(2): does the scope include this certificate? Freshness is not looked at.
  bool covers(const x509::Certificate& certificate) const;
};

}  // namespace symbolon::revocation
