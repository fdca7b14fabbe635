// Path verification: is there a path from this leaf to something we trust? RFC 5280 §6, over every candidate path.
//
// OpenSSL builds one path and fails with it (it does not backtrack), so with cross-signed, rotated or surplus CAs its
// answer depends on the order of what the peer sent. Here the candidates are enumerated first; X509_verify_cert then
// judges each of them ALONE (only its anchor trusted, only its intermediates given), and the first valid one wins.
// "Valid" includes, at every level: not revoked, extended key usage, depth, name constraints, and the blocking list of
// path_rules.h.
//
// Candidates are matched by issuer name and tried likeliest first: fewest key identifiers that disagree (RFC 4158
// §3.5.13: such a disagreement is a hint, no verdict), then fewest certificates outside their validity, then in the
// order given, each begun path to its end before the next.
//
// Pinned leaf: a presented leaf that itself stands in the bundle is its own anchor. The path is that certificate alone;
// no issuer is looked for, and it is revoked when any issuer of that name has revoked its serial; time, key, names,
// usages and strictness are judged as ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/codes.h"
#include "x509/certificate.h"
#include "x509/finding.h"
#include "x509/revocation_checker.h"
#include "x509/trust_bundle.h"

namespace symbolon::x509 {

class PathCache;

// The work one verification may cost; beyond it the answer is path_too_complex.
struct PathLimits {
  static constexpr std::size_t kCertificates = 10;        // of one path, leaf and anchor included
  static constexpr std::size_t kPresentedOctets = 65536;  // DER of all that the peer sent
  static constexpr std::size_t kPresentedCertificates = 64;
  static constexpr std::size_t kCandidates = 32;       // paths that are tried
  static constexpr std::size_t kSignatureChecks = 64;  // over all paths
  static constexpr std::size_t kNames = 1024;          // subjectAltNames times constraints, over one path
};

enum class PathCheck : std::uint8_t {
  rfc5280,  // RFC 5280 §6 and our blocking list; what a CA lacks beyond that is a warning
  strict,  // also what RFC 5280 demands of CAs (§4.2): keyUsage, key identifiers, criticality (X509_V_FLAG_X509_STRICT)
};

struct PathOptions {
  UnixSeconds at;
  PeerRole role = PeerRole::client;  // whose certificate it is: decides the codes and the default EKU
  int depth = 3;                     // intermediates at most, between leaf and anchor (as nginx and HAProxy count)
  PathCheck check = PathCheck::rfc5280;
  const RevocationChecker* revocation = nullptr;  // none: revocation is not asked
  // The leaf must hold one of them (RFC 9525 §6: no common name, a wildcard only as the whole leftmost label); empty:
  // any.
  std::vector<GeneralName> expected_names = {};
  // The leaf must allow each of these, as dotted OIDs; empty: clientAuth or serverAuth, by role. {eku::kAny}: no EKU is
  // asked for.
  std::vector<std::string> required_eku = {};
  PathCache* cache = nullptr;  // optional; see path_cache.h
};

// What it cost.
struct PathStats {
  std::uint32_t candidates = 0;        // paths tried
  std::uint32_t signature_checks = 0;  // public-key operations
  bool from_cache = false;
};

class PathVerifier;

// Evidence: made by verify_path only.
struct VerifiedPath {
  std::vector<Certificate> certificates;  // leaf first, anchor last; one certificate when the leaf is pinned
  UnixSeconds earliest_not_after;         // of the whole path, anchor included
  std::vector<Finding> warnings;          // index: place in certificates
  PathStats stats;

  const Certificate& leaf() const { return certificates.front(); }
  const Certificate& anchor() const { return certificates.back(); }
  // The leaf's issuer; the leaf itself when it is pinned.
  const Certificate& issuer() const { return certificates.size() > 1 ? certificates[1] : certificates[0]; }

 private:
  friend class PathVerifier;
  VerifiedPath() = default;
};

// Of the path that got furthest. Furthest: a path that reaches an anchor before one that does not; then by how late in
// the judgement it failed (see path_problem.h); then the one tried first.
struct PathFailure {
  Code code = Code::internal;
  CertificateProblem problem = CertificateProblem::rejected;
  std::size_t index = 0;                        // the certificate of `path` that is to blame, 0 is the leaf
  std::optional<Certificate> certificate = {};  // that certificate, where there is one
  std::string rule = {};                        // what decided: "RFC 5280 §6.1.3 (a)(2)"
  std::string detail = {};                      // what is the case, with the numbers
  std::vector<Certificate> path = {};           // leaf first, as far as it could be built
  std::optional<UnixSeconds> limit = {};        // the notAfter or notBefore that was crossed, the moment of revocation
  PathStats stats = {};
  // No other path becomes valid by itself: of all that were tried none failed because it is not valid yet, and none but
  // this one for its revocation.
  bool lasting = false;
};

// `presented`: leaf first, the rest in any order, with surplus if need be; empty gives `missing`.
// Pure but for the cache; thread-safe; never fails otherwise and never crashes, whatever the certificates hold.
std::expected<VerifiedPath, PathFailure> verify_path(const std::vector<Certificate>& presented,
                                                     const TrustBundle& trust, const PathOptions& options);

}  // namespace symbolon::x509
