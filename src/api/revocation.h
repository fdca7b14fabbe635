// POST /v1/revocations, POST /v1/revocations/matching, POST /v1/releases
#pragma once

#include <string>
#include <vector>

#include "api/certificate.h"

namespace symbolon::api {

struct RevocationRequest {
  std::string what;  // serial, fingerprint, name, subject; an ambiguous one changes nothing (code ambiguous)
  RevocationReason reason = RevocationReason::unspecified;  // certificate_hold: until it is released
  std::optional<UnixSeconds> invalid_since = {};            // RFC 5280 §5.3.2: when the key was lost, or may have been
  // `what` is a serial that the ledger may not know (a certificate of before a restored backup, or of an imported CA's
  // time elsewhere); it is revoked all the same, as one of `issuer` (IssuerInfo::name; absent: the CA in use).
  bool unknown = false;
  std::optional<std::string> issuer = {};
  bool operator==(const RevocationRequest&) const = default;
};

enum class RevocationOutcome : std::uint8_t { revoked, was_revoked_already };
std::string_view name(RevocationOutcome outcome);

// How far a revocation has come when its answer leaves: how many of the gateways of this authority (GET /v1/gateways)
// refuse the certificate already.
struct Enforcement {
  static constexpr std::size_t kMostNames = 1000;
  std::int64_t number = 0;  // the entry of the feed
  std::int64_t gateways = 0;
  std::int64_t acknowledged = 0;
  std::int64_t milliseconds = 0;     // from the commit until the last of these did
  std::vector<std::string> missing;  // names of the others, at most kMostNames
  bool operator==(const Enforcement&) const = default;
};

struct RevocationAnswer {
  CertificateSummary certificate;  // with its revocation
  RevocationOutcome outcome = RevocationOutcome::revoked;
  std::optional<Enforcement> enforcement = {};  // absent: there is no gateway
  bool operator==(const RevocationAnswer&) const = default;
};

// Ends a hold. Whatever else is revoked stays so (code not_on_hold).
struct ReleaseRequest {
  std::string what;  // as RevocationRequest::what
  bool operator==(const ReleaseRequest&) const = default;
};

enum class ReleaseOutcome : std::uint8_t { released, was_released_already };
std::string_view name(ReleaseOutcome outcome);

struct ReleaseAnswer {
  CertificateSummary certificate;  // as it is now
  ReleaseOutcome outcome = ReleaseOutcome::released;
  std::optional<Enforcement> enforcement = {};  // who takes it again; absent: there is no gateway
  bool operator==(const ReleaseAnswer&) const = default;
};

// Every certificate that a query matches and that still could be used: neither revoked nor ended nor abandoned. CAs are
// never among them: they are revoked by name.
struct RevokeMatchingRequest {
  static constexpr std::int64_t kMost = 100'000;  // more than that match: nothing is revoked (code ambiguous)
  std::string query;                              // as GET /v1/certificates takes it; it must say something
  RevocationReason reason = RevocationReason::unspecified;
  std::optional<UnixSeconds> invalid_since = {};
  std::int64_t at_most = kMost;  // likewise
  bool dry_run = false;          // nothing is revoked, and the answer says what would be
  bool operator==(const RevokeMatchingRequest&) const = default;
};

struct RevokeMatchingAnswer {
  static constexpr std::size_t kMostShown = 1000;
  std::int64_t matched = 0;                      // that many were revoked, or would be
  std::vector<CertificateSummary> certificates;  // the first of them, at most kMostShown
  std::optional<Enforcement> enforcement = {};   // of the last one; absent: nothing was revoked, or there is no gateway
  bool operator==(const RevokeMatchingAnswer&) const = default;
};

}  // namespace symbolon::api
