// A certificate as the authority's API shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace symbolon::api {

// Where a certificate stands in its life (docs/api.md).
enum class CertificateState : std::uint8_t {
  reserved,  // its serial and bytes are recorded, it may or may not have been signed (the same request resumes it)
  issued,
  revoked,
  abandoned,  // reserved, and then given up before it was signed
};

// RFC 5280 §5.3.1; the values are those of CRLReason.
enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  certificate_hold = 6,
  remove_from_crl = 8,  // in the feed alone: a hold has ended
  privilege_withdrawn = 9,
};

std::string_view name(CertificateState state);
std::string_view name(RevocationReason reason);  // "key_compromise"
std::optional<CertificateState> state_from_name(std::string_view name);
// Also the RFC's spelling ("keyCompromise").
std::optional<RevocationReason> reason_from_name(std::string_view name);

struct Revocation {
  RevocationReason reason = RevocationReason::unspecified;
  UnixSeconds at;
  std::string by;  // who asked for it
  bool operator==(const Revocation&) const = default;
};

// One line of `symbolon list`.
struct CertificateSummary {
  std::string serial;       // canonical hex
  std::string fingerprint;  // SHA-256, hex; empty while reserved
  std::string issuer;       // IssuerInfo::name
  std::string profile;
  std::string subject;             // RFC 4514
  std::vector<std::string> names;  // "dns:web.example"
  std::string requester;
  CertificateState state = CertificateState::issued;
  UnixSeconds not_before;
  UnixSeconds not_after;
  UnixSeconds issued_at;
  std::optional<Revocation> revocation;
  bool operator==(const CertificateSummary&) const = default;
};

// GET /v1/certificates/{what}
struct CertificateDetails {
  CertificateSummary summary;
  std::string certificate;  // PEM; empty while reserved
  std::string chain;        // PEM: the issuing CA first, the root last
  bool operator==(const CertificateDetails&) const = default;
};

// GET /v1/certificates?query=&after=&limit=
struct ListQuery {
  static constexpr int kMostPerPage = 1000;
  std::string query;  // words; see `symbolon list --help`
  std::string after;  // ListPage::next of the page before
  int limit = 50;     // 1..kMostPerPage
  bool operator==(const ListQuery&) const = default;
};

struct ListPage {
  std::vector<CertificateSummary> certificates;  // newest first
  std::optional<std::string> next;               // absent on the last page
  bool operator==(const ListPage&) const = default;
};

}  // namespace symbolon::api
