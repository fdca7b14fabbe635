#include "x509/path_verification.h"

#include <algorithm>
#include <set>

#include "x509/name_match.h"
#include "x509/path_cache.h"
#include "x509/path_candidates.h"
#include "x509/path_library.h"
#include "x509/path_names.h"
#include "x509/path_problem.h"
#include "x509/path_rules.h"

namespace symbolon::x509 {
namespace {

using P = CertificateProblem;
using Path = std::vector<Certificate>;

// A candidate that failed, and whether its signatures were checked before.
struct Attempt {
  Path path;
  PathFault fault;
  bool signatures_hold = false;
};

// RFC 9525 §6.1: the expected names are the reference identifiers.
std::optional<PathFault> check_expected_names(const Certificate& leaf, const PathOptions& options) {
  if (options.expected_names.empty() || holds_any_name(leaf, options.expected_names)) return {};
  const std::string held = text(leaf.subject_alt_names());
  return PathFault{P::name_mismatch, 0, "RFC 9525 §6",
                   fmt::format("{} holds {}, expected was {}", leaf.text(), held.empty() ? "no name" : held,
                               text(options.expected_names))};
}

// From the anchor down, so that a revoked CA is named before the leaf below it.
std::optional<PathFault> check_revocation(std::span<const Certificate> path, const PathOptions& options) {
  using Status = RevocationChecker::Status;
  if (options.revocation == nullptr) return {};
  const auto revoked = [&](std::size_t index, const RevocationChecker::Answer& answer) {
    return PathFault{index == 0 ? P::revoked : P::issuer_revoked, index, "RFC 5280 §6.3.3",
                     fmt::format("{} was revoked{}", path[index].text(),
                                 answer.since ? " " + to_rfc3339(*answer.since) : std::string()),
                     answer.since};
  };
  const auto unknown = [&](std::size_t index, const RevocationChecker::Answer& answer) {
    return PathFault{P::revocation_unknown, index, "RFC 5280 §6.3.3",
                     fmt::format("{}: {}", path[index].text(), answer.detail)};
  };
  if (path.size() == 1) {
    const auto answer = options.revocation->check_pinned(path[0], options.at);
    if (answer.status == Status::revoked) return revoked(0, answer);
    return answer.status == Status::unknown ? std::optional(unknown(0, answer)) : std::nullopt;
  }
  for (std::size_t index = path.size() - 1; index-- > 0;) {
    const auto answer = options.revocation->check_certificate(path[index + 1], path[index], options.at);
    switch (answer.status) {
      case Status::good: continue;
      case Status::revoked: return revoked(index, answer);
      case Status::unknown: return unknown(index, answer);
    }
  }
  return {};
}

void append_number(Bytes& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
}

void append_text(Bytes& out, std::string_view text) {
  append_number(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

// All that decides but time and revocation, which are asked again on every hit.
PathCache::Key cache_key(const std::vector<Certificate>& presented, const TrustBundle& trust,
                         const PathOptions& options) {
  Bytes all = to_bytes(trust.identity());
  append_number(all, presented.size());
  for (const Certificate& certificate : presented) {
    const auto& octets = certificate.fingerprint().octets;
    all.insert(all.end(), octets.begin(), octets.end());
  }
  append_number(all, static_cast<std::uint64_t>(options.role));
  append_number(all, static_cast<std::uint64_t>(options.depth));
  append_number(all, static_cast<std::uint64_t>(options.check));
  append_number(all, options.required_eku.size());
  for (const std::string& oid : options.required_eku) append_text(all, oid);
  append_number(all, options.expected_names.size());
  for (const GeneralName& name : options.expected_names) {
    append_text(all, name.text());
    append_text(all, as_text(name.octets));
  }
  return crypto::sha256(all);
}

}  // namespace

// One verification: the search, what was tried, and what it cost.
class PathVerifier {
 public:
  PathVerifier(const std::vector<Certificate>& presented, const TrustBundle& trust, const PathOptions& options)
      : options_(options), candidates_(presented, trust, options.at) {}

  static std::optional<VerifiedPath> from_cache(const PathCache::Key& key, const PathOptions& options);

  std::expected<VerifiedPath, PathFailure> run();

 private:
  std::optional<Attempt> judge(const Path& path);
  VerifiedPath success(Path path) const;
  PathFailure furthest_failure();
  bool prove_signatures(Attempt& attempt);
  bool lasts(const Attempt& best) const;
  bool affords(std::size_t checks) const { return stats_.signature_checks + checks <= PathLimits::kSignatureChecks; }

  const PathOptions& options_;
  PathCandidates candidates_;
  std::vector<Attempt> attempts_;
  PathStats stats_;
  bool too_complex_ = false;
};

namespace {

PathFailure failure_of(const Attempt& attempt, PeerRole role, const PathStats& stats) {
  PathFailure failure;
  failure.code = certificate_code(role, attempt.fault.problem);
  failure.problem = attempt.fault.problem;
  failure.index = attempt.fault.index;
  if (attempt.fault.index < attempt.path.size()) failure.certificate = attempt.path[attempt.fault.index];
  failure.rule = attempt.fault.rule.empty() ? std::string(row(failure.code).section) : attempt.fault.rule;
  failure.detail = attempt.fault.detail;
  failure.path = attempt.path;
  failure.limit = attempt.fault.limit;
  failure.stats = stats;
  return failure;
}

std::optional<PathFault> check_size(const std::vector<Certificate>& presented) {
  if (presented.empty()) return PathFault{P::missing, 0, "RFC 8446 §4.4.2.4", "no certificate was presented"};
  std::size_t octets = 0;
  for (const Certificate& certificate : presented) octets += certificate.der().size();
  if (octets <= PathLimits::kPresentedOctets && presented.size() <= PathLimits::kPresentedCertificates) return {};
  return PathFault{
      P::path_too_complex, 0, "RFC 5280 §6.1",
      fmt::format("{} certificates of {} octets were presented; at most {} of {} are taken", presented.size(), octets,
                  PathLimits::kPresentedCertificates, PathLimits::kPresentedOctets)};
}

bool of_revocation(P problem) {
  return problem == P::revoked || problem == P::issuer_revoked || problem == P::revocation_unknown;
}

// A failure that is known and still the case.
std::optional<PathFailure> failure_from_cache(const PathCache::Key& key, const std::vector<Certificate>& presented,
                                              const PathOptions& options) {
  const auto known = options.cache->find_failure(key, options.at);
  if (!known) return {};
  PathFailure failure = known->failure(presented, options.role);
  if (!of_revocation(failure.problem)) return failure;
  auto fault = check_revocation(failure.path, options);
  if (!fault) return {};
  PathFailure anew = failure_of({failure.path, std::move(*fault)}, options.role, failure.stats);
  anew.lasting = true;
  return anew;
}

}  // namespace

std::expected<VerifiedPath, PathFailure> verify_path(const std::vector<Certificate>& presented,
                                                     const TrustBundle& trust, const PathOptions& options) {
  if (auto fault = check_size(presented)) {
    const Attempt attempt{presented.empty() ? Path{} : Path{presented.front()}, std::move(*fault)};
    return std::unexpected(failure_of(attempt, options.role, {}));
  }
  if (options.cache == nullptr) return PathVerifier(presented, trust, options).run();
  const PathCache::Key key = cache_key(presented, trust, options);
  if (auto known = PathVerifier::from_cache(key, options)) return *std::move(known);
  if (auto known = failure_from_cache(key, presented, options)) return std::unexpected(*std::move(known));
  auto result = PathVerifier(presented, trust, options).run();
  if (result) {
    options.cache->share_issuers(result->certificates);
    options.cache->put(key, std::make_shared<const VerifiedPath>(*result));
  } else if (auto failure = KnownFailure::of(result.error(), presented, options.at)) {
    options.cache->put_failure(key, std::make_shared<const KnownFailure>(*std::move(failure)));
  }
  return result;
}

std::optional<VerifiedPath> PathVerifier::from_cache(const PathCache::Key& key, const PathOptions& options) {
  const auto known = options.cache->find(key);
  if (known == nullptr || check_validity(known->certificates, options.at) ||
      check_revocation(known->certificates, options)) {
    return {};  // there may be another path; and the failure wants its words
  }
  VerifiedPath path = *known;
  path.stats = {.from_cache = true};
  return path;
}

std::expected<VerifiedPath, PathFailure> PathVerifier::run() {
  while (!too_complex_) {
    auto path = candidates_.next();
    if (!path) break;
    if (stats_.candidates == PathLimits::kCandidates) {
      too_complex_ = true;
      break;
    }
    ++stats_.candidates;
    auto attempt = judge(*path);
    if (!attempt) return success(std::move(*path));
    attempts_.push_back(std::move(*attempt));
  }
  too_complex_ = too_complex_ || candidates_.too_complex();
  return std::unexpected(furthest_failure());
}

// Cheap rules first, then the library with its signatures, then what is only worth asking about a path that holds.
std::optional<Attempt> PathVerifier::judge(const Path& path) {
  if (auto fault = check_path_rules(path, options_)) return Attempt{path, std::move(*fault)};
  if (auto fault = check_name_constraints(path, options_.check)) return Attempt{path, std::move(*fault)};
  if (!affords(path.size() - 1)) {
    too_complex_ = true;
    return Attempt{path, {P::path_too_complex, 0, "RFC 5280 §6.1", "too many signatures to check"}};
  }
  LibraryVerdict verdict = verify_with_library(path, options_);
  stats_.signature_checks += static_cast<std::uint32_t>(verdict.signature_checks);
  if (verdict.unsigned_step) candidates_.rule_out(path[*verdict.unsigned_step], path[*verdict.unsigned_step + 1]);
  if (verdict.fault) return Attempt{path, std::move(*verdict.fault), verdict.unsigned_step.has_value()};
  if (auto fault = check_expected_names(path[0], options_)) return Attempt{path, std::move(*fault), true};
  if (auto fault = check_revocation(path, options_)) return Attempt{path, std::move(*fault), true};
  return {};
}

VerifiedPath PathVerifier::success(Path path) const {
  VerifiedPath verified;
  verified.warnings = path_warnings(path, options_.role);
  verified.earliest_not_after =
      std::ranges::min(path, {}, [](const Certificate& c) { return c.validity().not_after; }).validity().not_after;
  verified.certificates = std::move(path);
  verified.stats = stats_;
  return verified;
}

// A fault that a cheap rule found is only told of a path whose signatures hold: else it would be a stranger's
// certificate that we describe.
bool PathVerifier::prove_signatures(Attempt& attempt) {
  if (attempt.signatures_hold) return true;
  attempt.signatures_hold = true;
  for (std::size_t i = attempt.path.size() - 1; i-- > 0;) {
    if (!affords(1)) {
      too_complex_ = true;
      return true;
    }
    // A key that cannot be used, or whose use is an attack, is not tried.
    if (weakness_of(attempt.path[i + 1].public_key())) return true;
    ++stats_.signature_checks;
    if (signed_by(attempt.path[i], attempt.path[i + 1])) continue;
    attempt.fault = {
        P::bad_signature, i, "RFC 5280 §6.1.3 (a)(1)",
        fmt::format("{} was not signed by the key of {}", attempt.path[i].text(), attempt.path[i + 1].text())};
    return false;
  }
  return true;
}

PathFailure PathVerifier::furthest_failure() {
  Attempt best;
  if (attempts_.empty()) {
    auto [path, fault] = candidates_.dead_end();
    best = {std::move(path), std::move(fault), true};
  } else {
    const auto stage = [](const Attempt& attempt) { return stage_of(attempt.fault.problem); };
    auto furthest = std::ranges::max_element(attempts_, {}, stage);
    while (!too_complex_ && !prove_signatures(*furthest)) furthest = std::ranges::max_element(attempts_, {}, stage);
    best = *furthest;
  }
  if (too_complex_ && best.fault.problem != P::path_too_complex) {
    const std::string tried =
        fmt::format("{} paths and {} signatures were tried", stats_.candidates, stats_.signature_checks);
    best.fault = {P::path_too_complex, best.fault.index, "RFC 5280 §6.1",
                  attempts_.empty() ? tried + ": what was sent can be put together in too many ways"
                                    : fmt::format("{}; the furthest failed: {}", tried, best.fault.detail)};
  }
  PathFailure failure = failure_of(best, options_.role, stats_);
  failure.lasting = lasts(best);
  return failure;
}

bool PathVerifier::lasts(const Attempt& best) const {
  const auto count = [this](auto&& rule) {
    return std::ranges::count_if(attempts_, rule, [](const Attempt& a) { return a.fault.problem; });
  };
  if (count([](P problem) { return problem == P::not_yet_valid || problem == P::issuer_not_yet_valid; }) != 0)
    return false;
  return count(of_revocation) == (of_revocation(best.fault.problem) ? 1 : 0);
}

}  // namespace symbolon::x509
