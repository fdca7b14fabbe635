// `symbolon verify`: would this chain be accepted, and if not, why? The same verification that the gateway runs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/codes.h"
#include "base/error.h"
#include "revocation/revocation_set.h"
#include "x509/certificate.h"
#include "x509/finding.h"
#include "x509/path_verification.h"

namespace symbolon::check {

struct VerifyRequest {
  std::vector<x509::Certificate> trust;  // anchors
  std::vector<x509::Certificate> chain;  // leaf first, the rest in any order
  UnixSeconds at;
  PeerRole purpose = PeerRole::client;
  std::vector<x509::GeneralName> names = {};  // the leaf must hold one of them; empty: any
  std::vector<std::string> eku = {};          // dotted OIDs the leaf must allow; empty: by purpose
  int depth = 3;                              // intermediates at most
  x509::PathCheck check = x509::PathCheck::rfc5280;
  std::vector<std::string> crls = {};  // contents of CRL files, DER or PEM (any number a file)
  revocation::Demand demand = revocation::Demand::listed;
};

struct VerifyReport {
  bool valid = false;
  std::optional<Code> code = {};             // why not; a crl_ or trust_ code when those are at fault
  std::optional<std::size_t> index = {};     // of `path`; 0 is the leaf
  std::string rule = {};                     // "RFC 5280 §6.1.3 (a)(2)"
  std::string detail = {};                   // the numbers, for people
  std::vector<x509::Certificate> path = {};  // leaf first; as far as it could be built
  std::vector<x509::Finding> warnings = {};
  std::optional<UnixSeconds> earliest_not_after = {};  // when valid
  x509::PathStats stats = {};

  // A few lines for people, ends with a line break.
  std::string text() const;
  // One JSON object without line break, as docs/verify-batch.md describes.
  std::string json() const;
};

// Never fails: whatever is wrong with the chain, the anchors or the CRLs stands in the report. Each CRL is checked once
// against the certificates of the request; one that is unknown, stale or not well-formed makes the chain invalid, since
// what it would have said is missing.
VerifyReport verify(const VerifyRequest& request);

}  // namespace symbolon::check
