// A chain that failed and comes back costs no signature, and never a right answer.
#include <gtest/gtest.h>

#include "x509/path_cache.h"
#include "x509/path_verification.h"
#include "x509/testing/forge.h"

namespace symbolon::x509 {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;
using Status = RevocationChecker::Status;

TrustBundle trust_in(std::vector<Certificate> anchors) {
  auto bundle = TrustBundle::make(std::move(anchors), kNow, "test");
  if (!bundle) ADD_FAILURE() << bundle.error().text();
  return *std::move(bundle);
}

class Revocation final : public RevocationChecker {
 public:
  Answer check(const Certificate&, const SerialNumber&, UnixSeconds) const override { return {status, since, "asked"}; }
  Answer check_pinned(const Certificate&, UnixSeconds) const override { return {status, since, "asked"}; }
  std::uint64_t generation() const override { return 0; }
  RevocationChecker::Status status = Status::good;
  std::optional<UnixSeconds> since;
};

// What verify_path answers, and whether it had to search.
std::string verdict(const std::vector<Certificate>& presented, const TrustBundle& trust, const PathOptions& options) {
  const auto result = verify_path(presented, trust, options);
  if (result) return result->stats.from_cache ? "valid (known)" : "valid";
  return fmt::format("{}{}", name(result.error().code), result.error().stats.from_cache ? " (known)" : "");
}

Certificate dated(const std::string& id, std::int64_t begin, std::int64_t end, const std::string& issuer) {
  return forge().certificate(id, id, issuer,
                             fmt::format(R"({}, "not_before": {}, "not_after": {})", Forge::kClient, begin, end));
}

TEST(PathFailureCache, AKnownFailureCostsNoSignatureAndSaysTheSame) {
  const Certificate root = forge().ca("fc-root", "FC Root");
  const Certificate ca = forge().ca("fc-ca", "FC CA", "fc-root");
  const Certificate other = forge().ca("fc-other", "FC Root");
  const Certificate leaf = forge().client("fc-leaf", "x", "fc-ca");
  PathCache cache;
  const PathOptions options{.at = kNow, .cache = &cache};
  const auto trust = trust_in({other});
  const auto first = verify_path({leaf, ca}, trust, options);
  const auto second = verify_path({leaf, ca}, trust, options);
  ASSERT_TRUE(!first && !second);
  EXPECT_FALSE(first.error().stats.from_cache);
  EXPECT_GT(first.error().stats.signature_checks, 0U);
  EXPECT_TRUE(second.error().stats.from_cache);
  EXPECT_EQ(second.error().stats.signature_checks, 0U);
  EXPECT_EQ(second.error().code, first.error().code);
  EXPECT_EQ(second.error().index, first.error().index);
  EXPECT_EQ(second.error().certificate, first.error().certificate);
  EXPECT_EQ(second.error().rule, first.error().rule);
  EXPECT_EQ(second.error().detail, first.error().detail);
  EXPECT_EQ(second.error().path, first.error().path);
  EXPECT_EQ(cache.failure_hits(), 1U);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(verdict({leaf, ca}, trust_in({root}), options), "valid") << "another bundle, another key";
}

TEST(PathFailureCache, WhatHasExpiredStaysSoUnlessTheClockGoesBack) {
  const Certificate root = forge().ca("fe-root", "FE Root");
  const Certificate leaf = dated("fe-leaf", 0, kNow.count + 100, "fe-root");
  PathCache cache;
  PathOptions options{.at = kNow + Seconds{101}, .cache = &cache};
  const auto trust = trust_in({root});
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_expired");
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_expired (known)");
  EXPECT_EQ(verify_path({leaf}, trust, options).error().limit, leaf.validity().not_after);
  options.at = kNow;
  EXPECT_EQ(verdict({leaf}, trust, options), "valid");
}

TEST(PathFailureCache, WhatIsNotYetValidIsJudgedEachTime) {
  const Certificate root = forge().ca("fy-root", "FY Root");
  const Certificate leaf = dated("fy-leaf", kNow.count + 1, kNow.count + 1000, "fy-root");
  PathCache cache;
  PathOptions options{.at = kNow, .cache = &cache};
  const auto trust = trust_in({root});
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_not_yet_valid");
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_not_yet_valid");
  EXPECT_EQ(cache.failures(), 0U);
  options.at = kNow + Seconds{1};
  EXPECT_EQ(verdict({leaf}, trust, options), "valid");
}

TEST(PathFailureCache, RevocationIsAskedEachTime) {
  const Certificate root = forge().ca("fr-root", "FR Root");
  const Certificate leaf = forge().client("fr-leaf", "x", "fr-root");
  PathCache cache;
  Revocation revocation;
  const PathOptions options{.at = kNow, .revocation = &revocation, .cache = &cache};
  const auto trust = trust_in({root});
  revocation.status = Status::unknown;
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_revocation_unknown");
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_revocation_unknown (known)");
  revocation.status = Status::revoked;
  revocation.since = kNow - Seconds{7};
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_revoked (known)");
  EXPECT_EQ(verify_path({leaf}, trust, options).error().limit, revocation.since);
  revocation.status = Status::good;
  EXPECT_EQ(verdict({leaf}, trust, options), "valid");
  EXPECT_EQ(verdict({leaf}, trust, options), "valid (known)");
}

TEST(PathFailureCache, IsBelievedForItsLifeOnly) {
  forge().ca("fl-root", "FL Root");
  const Certificate leaf = forge().client("fl-leaf", "x", "fl-root");
  const auto trust = trust_in({forge().ca("fl-other", "FL Other")});
  PathCache cache;
  PathOptions options{.at = kNow, .cache = &cache};
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_untrusted_issuer");
  options.at = kNow + PathCache::kFailureLife;
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_untrusted_issuer (known)");
  options.at = kNow + PathCache::kFailureLife + Seconds{1};
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_untrusted_issuer");
  options.at = kNow;
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_untrusted_issuer") << "judged in the future";
}

TEST(PathFailureCache, StrangersPushOutStrangersOnly) {
  const Certificate root = forge().ca("fs-root", "FS Root");
  const Certificate good = forge().client("fs-good", "x", "fs-root");
  forge().ca("fs-stranger", "FS Stranger");
  const auto trust = trust_in({root});
  PathCache cache(16, 16);  // one of each a shard
  const PathOptions options{.at = kNow, .cache = &cache};
  EXPECT_EQ(verdict({good}, trust, options), "valid");
  for (int i = 0; i < 40; ++i) {
    const Certificate stranger = forge().client(fmt::format("fs-{}", i), "x", "fs-stranger");
    verdict({stranger}, trust, options);
  }
  EXPECT_LE(cache.failures(), 16U);
  EXPECT_EQ(verdict({good}, trust, options), "valid (known)");
}

}  // namespace
}  // namespace symbolon::x509
