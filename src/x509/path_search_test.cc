// Which path is found where several are possible, what it costs, and what is told when none holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "x509/path_cache.h"
#include "x509/path_verification.h"
#include "x509/testing/forge.h"

namespace symbolon::x509 {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;

TrustBundle trust_in(std::vector<Certificate> anchors) {
  auto bundle = TrustBundle::make(std::move(anchors), kNow, "test");
  if (!bundle) ADD_FAILURE() << bundle.error().text();
  return *std::move(bundle);
}

std::string verdict(const std::vector<Certificate>& presented, const TrustBundle& trust,
                    const PathOptions& options = {.at = kNow, .depth = 8}) {
  const auto result = verify_path(presented, trust, options);
  return result ? "valid" : fmt::format("{} {}", name(result.error().code), result.error().index);
}

// Revokes by the issuer's key and serial, as the real one does.
class Revoked final : public RevocationChecker {
 public:
  Revoked(const Certificate& issuer, const Certificate& revoked, Status status = Status::revoked)
      : key_(issuer.public_key().spki_sha256()), serial_(revoked.serial()), status_(status) {}
  Answer check(const Certificate& issuer, const SerialNumber& serial, UnixSeconds) const override {
    if (issuer.public_key().spki_sha256() == key_ && serial == serial_) return {status_, kNow - Seconds{5}, "stale"};
    return {Status::good};
  }
  Answer check_pinned(const Certificate& subject, UnixSeconds) const override {
    return {subject.serial() == serial_ ? status_ : Status::good, kNow - Seconds{5}};
  }
  std::uint64_t generation() const override { return 0; }

 private:
  crypto::Sha256 key_;
  SerialNumber serial_;
  Status status_;
};

constexpr std::string_view kExpired = R"("not_before": 1000000000, "not_after": 1100000000)";

TEST(PathSearch, TakesIntermediatesInAnyOrderAndIgnoresSurplus) {
  const Certificate root = forge().ca("s-root", "S Root");
  const Certificate a = forge().ca("s-a", "S A", "s-root");
  const Certificate b = forge().ca("s-b", "S B", "s-a");
  const Certificate c = forge().ca("s-c", "S C", "s-b");
  const Certificate stranger = forge().ca("s-stranger", "Stranger");
  const Certificate leaf = forge().client("s-leaf", "leaf", "s-c");
  std::vector<Certificate> rest = {a, b, c, stranger, root, leaf};
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(rest, random);
    std::vector<Certificate> presented = {leaf};
    presented.insert(presented.end(), rest.begin(), rest.end());
    EXPECT_EQ(verdict(presented, trust_in({root})), "valid");
  }
}

// Each of two CAs of one name is right for one leaf, whatever stands first, with and without key identifiers.
TEST(PathSearch, TellsRotatedCasOfOneNameApart) {
  for (const bool with_identifiers : {true, false}) {
    const std::string more = with_identifiers ? "" : R"(, "ski": false, "aki": false)";
    const std::string id = with_identifiers ? "rot" : "rot-bare";
    const Certificate old_ca = forge().certificate(id + "-old", "Rotated", "", std::string(Forge::kCa) + more);
    const Certificate new_ca = forge().certificate(id + "-new", "Rotated", "", std::string(Forge::kCa) + more);
    const Certificate old_leaf = forge().certificate(id + "-l1", "x", id + "-old", std::string(Forge::kClient) + more);
    const Certificate new_leaf = forge().certificate(id + "-l2", "x", id + "-new", std::string(Forge::kClient) + more);
    for (const auto& anchors : {std::vector{old_ca, new_ca}, std::vector{new_ca, old_ca}}) {
      EXPECT_EQ(verdict({old_leaf}, trust_in(anchors)), "valid") << id;
      EXPECT_EQ(verdict({new_leaf}, trust_in(anchors)), "valid") << id;
    }
  }
}

// newWithOld (RFC 4210 §4.4): the new key's certificate, signed by the old one, all of one name; the leaf has no key
// identifier.
TEST(PathSearch, CrossesFromTheNewKeyToTheOldOne) {
  const Certificate old_ca = forge().ca("roll-old", "Roll");
  static_cast<void>(forge().ca("roll-new", "Roll"));
  const Certificate new_with_old =
      forge().certificate("roll-cross", "Roll", "roll-old", Forge::with(Forge::kCa, R"("key_of": "roll-new")"));
  const Certificate leaf =
      forge().certificate("roll-leaf", "x", "roll-new", Forge::with(Forge::kClient, R"("aki": false)"));
  EXPECT_EQ(verdict({leaf, new_with_old}, trust_in({old_ca})), "valid");
}

TEST(PathSearch, TakesTheOtherWayOfACrossSignedCa) {
  const Certificate old_root = forge().ca("x-old", "X Old");
  const Certificate new_root = forge().ca("x-new", "X New");
  const Certificate by_new = forge().ca("x-ca", "X CA", "x-new");
  const Certificate by_old =
      forge().certificate("x-ca-old", "X CA", "x-old", Forge::with(Forge::kCa, R"("key_of": "x-ca")"));
  const Certificate leaf = forge().client("x-leaf", "x", "x-ca");
  for (const auto& presented : {std::vector{leaf, by_new, by_old}, std::vector{leaf, by_old, by_new}}) {
    EXPECT_EQ(verdict(presented, trust_in({old_root})), "valid");
    EXPECT_EQ(verdict(presented, trust_in({new_root})), "valid");
    EXPECT_EQ(verdict(presented, trust_in({new_root, old_root})), "valid");
  }
}

TEST(PathSearch, AnExpiredIntermediateDoesNotHideItsValidTwin) {
  const Certificate root = forge().ca("e-root", "E Root");
  const Certificate fresh = forge().ca("e-ca", "E CA", "e-root");
  const Certificate expired = forge().certificate("e-ca-old", "E CA", "e-root",
                                                  fmt::format(R"({}, "key_of": "e-ca", {})", Forge::kCa, kExpired));
  const Certificate leaf = forge().client("e-leaf", "x", "e-ca");
  EXPECT_EQ(verdict({leaf, expired, fresh}, trust_in({root})), "valid");
  EXPECT_EQ(verdict({leaf, expired}, trust_in({root})), "client_certificate_issuer_expired 1");
}

TEST(PathSearch, ARevokedIntermediateDoesNotHideAnotherWay) {
  const Certificate old_root = forge().ca("r-old", "R Old");
  const Certificate new_root = forge().ca("r-new", "R New");
  const Certificate by_new = forge().ca("r-ca", "R CA", "r-new");
  const Certificate by_old =
      forge().certificate("r-ca-old", "R CA", "r-old", Forge::with(Forge::kCa, R"("key_of": "r-ca")"));
  const Certificate leaf = forge().client("r-leaf", "x", "r-ca");
  const Revoked revoked(new_root, by_new);
  const PathOptions options{.at = kNow, .revocation = &revoked};
  EXPECT_EQ(verdict({leaf, by_new, by_old}, trust_in({new_root, old_root}), options), "valid");
  EXPECT_EQ(verdict({leaf, by_new, by_old}, trust_in({new_root}), options), "client_certificate_issuer_revoked 1");
  const Revoked revoked_leaf(by_new, leaf);
  const PathOptions leaf_options{.at = kNow, .revocation = &revoked_leaf};
  EXPECT_EQ(verdict({leaf, by_new, by_old}, trust_in({new_root, old_root}), leaf_options),
            "client_certificate_revoked 0");
}

TEST(PathSearch, UnknownRevocationIsNotTheCertificatesFault) {
  const Certificate root = forge().ca("u-root", "U Root");
  const Certificate leaf = forge().client("u-leaf", "x", "u-root");
  const Revoked unknown(root, leaf, RevocationChecker::Status::unknown);
  EXPECT_EQ(verdict({leaf}, trust_in({root}), {.at = kNow, .revocation = &unknown}),
            "client_certificate_revocation_unknown 0");
}

TEST(PathSearch, TellsOfThePathThatGotFurthest) {
  const Certificate root = forge().ca("f-root", "F Root");
  const Certificate impostor = forge().ca("f-impostor", "F CA");
  const Certificate expired_root = forge().certificate("f-expired", "F Old", "", Forge::with(Forge::kCa, kExpired));
  const Certificate by_root = forge().ca("f-ca", "F CA", "f-root");
  const Certificate by_expired =
      forge().certificate("f-ca-2", "F CA", "f-expired", Forge::with(Forge::kCa, R"("key_of": "f-ca")"));
  const Certificate leaf = forge().certificate("f-leaf", "x", "f-ca", Forge::kServer);
  // Over the impostor the signature fails, over the expired root the time, over the good one the purpose.
  const auto result = verify_path({leaf, by_expired, by_root}, trust_in({impostor, expired_root, root}), {.at = kNow});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::client_certificate_wrong_extended_key_usage);
  ASSERT_EQ(result.error().path.size(), 3U);
  EXPECT_EQ(result.error().path.back(), root);
}

// The fault of a look-alike is not told as if it were the peer's: first its signature is checked.
TEST(PathSearch, AnExpiredLookAlikeIsABadSignature) {
  const Certificate root = forge().ca("la-root", "LA Root");
  static_cast<void>(forge().ca("la-fake", "LA Root"));
  const Certificate leaf =
      forge().certificate("la-leaf", "x", "la-fake", fmt::format(R"({}, {})", Forge::kClient, kExpired));
  EXPECT_EQ(verdict({leaf}, trust_in({root})), "client_certificate_bad_signature 0");
}

// Twenty CAs of one name, each cross-signed by each other, none with a key identifier: the work is bounded.
TEST(PathSearch, AMazeOfCrossSignedCasHoldsTheBound) {
  constexpr std::string_view kBlind =
      R"("basic": {"ca": true}, "usage": ["key_cert_sign"], "ski": false, "aki": false)";
  constexpr int kCas = 20;
  const Certificate trusted = forge().certificate("maze-root", "Maze", "", kBlind);
  for (int i = 0; i < kCas; ++i) static_cast<void>(forge().certificate(fmt::format("maze-{}", i), "Maze", "", kBlind));
  std::vector<Certificate> presented = {
      forge().certificate("maze-leaf", "x", "maze-0", Forge::with(Forge::kClient, R"("aki": false)"))};
  for (int i = 0; i < kCas && presented.size() < PathLimits::kPresentedCertificates; ++i) {
    for (int j = 0; j < kCas && presented.size() < PathLimits::kPresentedCertificates; j += 4) {
      if (i == j) continue;
      presented.push_back(forge().certificate(fmt::format("maze-{}-{}", i, j), "Maze", fmt::format("maze-{}", j),
                                              fmt::format(R"({}, "key_of": "maze-{}")", kBlind, i)));
    }
  }
  const auto result = verify_path(presented, trust_in({trusted}), {.at = kNow, .depth = 9});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::client_certificate_path_too_complex);
  EXPECT_LE(result.error().stats.signature_checks, PathLimits::kSignatureChecks);
  EXPECT_LE(result.error().stats.candidates, PathLimits::kCandidates);
}

// The same maze with key identifiers: there is a way, and it is found among the first.
TEST(PathSearch, KeyIdentifiersLeadThroughTheMaze) {
  constexpr int kCas = 20;
  const Certificate trusted = forge().ca("lit-root", "Lit");
  for (int i = 0; i < kCas; ++i) static_cast<void>(forge().ca(fmt::format("lit-{}", i), "Lit"));
  std::vector<Certificate> presented = {forge().client("lit-leaf", "x", "lit-0")};
  for (int i = 0; i < kCas; ++i) {
    presented.push_back(forge().certificate(fmt::format("lit-x-{}", i), "Lit", fmt::format("lit-{}", (i + 7) % kCas),
                                            fmt::format(R"({}, "key_of": "lit-{}")", Forge::kCa, i)));
  }
  presented.push_back(
      forge().certificate("lit-way", "Lit", "lit-root", Forge::with(Forge::kCa, R"("key_of": "lit-14")")));
  const auto result = verify_path(presented, trust_in({trusted}), {.at = kNow, .depth = 8});
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_LE(result->stats.candidates, 3U);
}

TEST(PathSearch, APathOfTenIsTakenAndOneOfElevenIsNot) {
  const Certificate root = forge().ca("long-0", "Long 0");
  std::vector<Certificate> cas;
  for (int i = 1; i <= 9; ++i) {
    cas.insert(cas.begin(),
               forge().ca(fmt::format("long-{}", i), fmt::format("Long {}", i), fmt::format("long-{}", i - 1)));
  }
  std::vector<Certificate> eleven = {forge().client("long-leaf-9", "x", "long-9")};
  eleven.insert(eleven.end(), cas.begin(), cas.end());
  std::vector<Certificate> ten = {forge().client("long-leaf-8", "x", "long-8")};
  ten.insert(ten.end(), cas.begin() + 1, cas.end());
  EXPECT_EQ(verdict(ten, trust_in({root}), {.at = kNow, .depth = 9}), "valid");
  EXPECT_EQ(verdict(eleven, trust_in({root}), {.at = kNow, .depth = 9}).substr(0, 35),
            "client_certificate_path_too_complex");
}

// A way that looks better but is too long does not hide the one that holds.
TEST(PathSearch, ATooLongWayDoesNotHideAShorterOne) {
  const Certificate root = forge().ca("w-root", "W Root");
  static_cast<void>(forge().ca("w-end", "W End"));
  const std::string odd_aki = Forge::with(Forge::kCa, R"("aki_of": "w-end")");
  const Certificate j = forge().ca("w-j", "W J", "w-root");
  const Certificate i = forge().ca("w-i", "W I", "w-j");
  const Certificate by_i = forge().certificate("w-ca", "W CA", "w-i", odd_aki);
  std::vector<Certificate> presented = {forge().client("w-leaf", "x", "w-ca")};
  std::string above = "w-end";
  for (int n = 12; n > 0; --n) {
    const std::string id = fmt::format("w-{}", n);
    presented.push_back(forge().ca(id, fmt::format("W {}", n), above));
    above = id;
  }
  presented.push_back(forge().certificate("w-ca-2", "W CA", above, Forge::with(Forge::kCa, R"("key_of": "w-ca")")));
  presented.insert(presented.end(), {by_i, i, j});
  EXPECT_EQ(verdict(presented, trust_in({root})), "valid");
}

TEST(PathSearch, RefusesMoreOctetsThanTheBound) {
  const Certificate root = forge().ca("big-root", "Big Root");
  const std::string padding(std::size_t{2} * 40'000, '0');
  const Certificate big =
      forge().certificate("big", "Big", "big-root",
                          fmt::format(R"({}, "extensions": [{{"oid": "1.2.3.4", "critical": false, "value": "{}"}}])",
                                      Forge::kCa, padding));
  const Certificate leaf = forge().client("big-leaf", "x", "big-root");
  EXPECT_EQ(verdict({leaf, big}, trust_in({root})), "valid");
  EXPECT_EQ(verdict({leaf, big, big}, trust_in({root})), "client_certificate_path_too_complex 0");
}

TEST(PathCacheUse, AKnownChainCostsNoSignatureButIsJudgedAnew) {
  const Certificate root = forge().ca("c-root", "C Root");
  const Certificate leaf =
      forge().certificate("c-leaf", "x", "c-root",
                          fmt::format(R"({}, "not_before": 0, "not_after": {})", Forge::kClient, kNow.count + 100));
  const auto trust = trust_in({root});
  PathCache cache;
  PathOptions options{.at = kNow, .cache = &cache};
  const auto first = verify_path({leaf}, trust, options);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->stats.from_cache);
  const auto second = verify_path({leaf}, trust, options);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->stats.from_cache);
  EXPECT_EQ(second->stats.signature_checks, 0U);
  EXPECT_EQ(second->certificates, first->certificates);

  options.at = leaf.validity().not_after + Seconds{1};
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_expired 0");
  options.at = kNow;
  const Revoked revoked(root, leaf);
  options.revocation = &revoked;
  EXPECT_EQ(verdict({leaf}, trust, options), "client_certificate_revoked 0");
}

TEST(PathCacheUse, OtherOptionsAndOtherTrustDoNotMeetAnEntry) {
  const Certificate root = forge().ca("d-root", "D Root");
  const Certificate ca = forge().ca("d-ca", "D CA", "d-root");
  const Certificate leaf = forge().client("d-leaf", "x", "d-ca");
  const auto trust = trust_in({root});
  PathCache cache;
  ASSERT_EQ(verdict({leaf, ca}, trust, {.at = kNow, .cache = &cache}), "valid");
  EXPECT_EQ(verdict({leaf, ca}, trust, {.at = kNow, .depth = 0, .cache = &cache}),
            "client_certificate_depth_exceeded 1");
  EXPECT_EQ(verdict({leaf, ca}, trust, {.at = kNow, .role = PeerRole::server, .cache = &cache}),
            "server_certificate_wrong_extended_key_usage 0");
  PathOptions named{.at = kNow, .cache = &cache};
  named.expected_names = {*GeneralName::parse("other.example")};
  EXPECT_EQ(verdict({leaf, ca}, trust, named), "client_certificate_name_mismatch 0");
  EXPECT_EQ(verdict({leaf, ca}, trust_in({forge().ca("d-other", "D Root")}), {.at = kNow, .cache = &cache}),
            "client_certificate_bad_signature 1");
}

TEST(PathCacheUse, LeavesShareTheirCas) {
  const auto bundle = trust_in({forge().ca("s-root", "S Root")});
  const auto decoded = [](const Certificate& certificate) { return Certificate::from_der(certificate.der()).value(); };
  const Certificate ca = forge().ca("s-ca", "S CA", "s-root");
  PathCache cache;
  const auto first =
      verify_path({forge().client("s-1", "a", "s-ca"), decoded(ca)}, bundle, {.at = kNow, .cache = &cache});
  const auto second =
      verify_path({forge().client("s-2", "b", "s-ca"), decoded(ca)}, bundle, {.at = kNow, .cache = &cache});
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->leaf().get(), second->leaf().get());
  EXPECT_EQ(first->issuer().get(), second->issuer().get());
  // However many CAs come by.
  for (int i = 0; i < 70; ++i) {
    std::vector<Certificate> path{first->leaf(), forge().ca(fmt::format("s-many-{}", i), "Many")};
    const Certificate before = path[1];
    cache.share_issuers(path);
    EXPECT_EQ(path[1], before);
  }
}

TEST(PathCacheUse, HoldsItsCapacityAndForgetsTheLeastRecentlyUsed) {
  const Certificate root = forge().ca("k-root", "K Root");
  const Certificate leaf = forge().client("k-leaf", "x", "k-root");
  const auto path = std::make_shared<const VerifiedPath>(*verify_path({leaf}, trust_in({root}), {.at = kNow}));
  PathCache cache(32);  // two a shard
  PathCache::Key a{};
  PathCache::Key b{};
  PathCache::Key c{};
  b[0] = 1;
  c[0] = 2;
  cache.put(a, path);
  cache.put(b, path);
  EXPECT_NE(cache.find(a), nullptr);
  cache.put(c, path);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_NE(cache.find(a), nullptr);
  EXPECT_EQ(cache.find(b), nullptr);
}

}  // namespace
}  // namespace symbolon::x509
