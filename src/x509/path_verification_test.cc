// Ways in which a path can be wrong: order, anchors, dates, purposes, lengths. Certificates are made by forge.py.
#include "x509/path_verification.h"

#include <gtest/gtest.h>

#include "x509/testing/path_pki.h"

namespace symbolon::x509 {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;
using namespace testing::path;

TEST(VerifyPath, AcceptsAChainInOrder) {
  const auto result = verify_path({pki().alice, pki().issuing}, trust_in({pki().root}), at_now());
  ASSERT_TRUE(result) << result.error().detail;
  ASSERT_EQ(result->certificates.size(), 3U);
  EXPECT_EQ(result->leaf(), pki().alice);
  EXPECT_EQ(result->issuer(), pki().issuing);
  EXPECT_EQ(result->anchor(), pki().root);
  EXPECT_EQ(result->earliest_not_after, pki().alice.validity().not_after);
  EXPECT_TRUE(result->warnings.empty());
  EXPECT_EQ(result->stats.candidates, 1U);
  EXPECT_EQ(result->stats.signature_checks, 2U);
}

TEST(VerifyPath, AcceptsTheRootAmongWhatWasSent) {
  EXPECT_EQ(verdict({pki().alice, pki().issuing, pki().root}, trust_in({pki().root})), "valid");
}

TEST(VerifyPath, AcceptsAnIssuingCaAsAnchor) {
  EXPECT_EQ(verdict({pki().alice}, trust_in({pki().issuing})), "valid");
  EXPECT_EQ(verdict({pki().alice, pki().issuing}, trust_in({pki().issuing})), "valid");
}

TEST(VerifyPath, RefusesNothingAtAll) {
  EXPECT_EQ(verdict({}, trust_in({pki().root})), "client_certificate_missing 0");
}

TEST(VerifyPath, RefusesALeafOfAnotherCa) {
  const Certificate other = forge().ca("other-root", "Other Root");
  EXPECT_EQ(verdict({forge().client("mallory", "mallory", "other-root")}, trust_in({pki().root})),
            "client_certificate_untrusted_issuer 0");
  EXPECT_EQ(verdict({forge().client("mallory2", "mallory", "other-root"), other}, trust_in({pki().root})),
            "client_certificate_untrusted_issuer 1");
}

TEST(VerifyPath, RefusesAnImpostorOfTheSameName) {
  const Certificate impostor = forge().ca("impostor", "Root");
  const Certificate forged = forge().client("forged", "alice", "impostor");
  EXPECT_EQ(verdict({forged}, trust_in({pki().root})), "client_certificate_bad_signature 0");
  EXPECT_EQ(verdict({forged, impostor}, trust_in({pki().root})), "client_certificate_bad_signature 0");
}

TEST(VerifyPath, SaysIncompleteWhenAnIntermediateOfTheSameOrganizationIsMissing) {
  const Certificate root = forge().certificate(
      "o-root", "", "", Forge::with(Forge::kCa, R"("subject": [["O", "Example"], ["CN", "Root"]])"));
  const Certificate issuing = forge().certificate(
      "o-issuing", "", "o-root", Forge::with(Forge::kCa, R"("subject": [["O", "Example"], ["CN", "Issuing"]])"));
  EXPECT_EQ(verdict({forge().client("o-leaf", "bob", "o-issuing")}, trust_in({root})),
            "client_certificate_incomplete_chain 0");
}

TEST(VerifyPath, RefusesASelfSignedLeaf) {
  EXPECT_EQ(verdict({forge().certificate("selfie", "selfie", "", Forge::kClient)}, trust_in({pki().root})),
            "client_certificate_self_signed 0");
}

TEST(VerifyPath, AcceptsAPinnedLeafButJudgesIt) {
  const Certificate pinned = forge().certificate("pinned", "pinned", "", Forge::kClient);
  EXPECT_EQ(verdict({pinned}, trust_in({pinned})), "valid");
  EXPECT_EQ(verdict({pinned}, trust_in({pinned}), {.at = kNow, .role = PeerRole::server}),
            "server_certificate_wrong_extended_key_usage 0");
  EXPECT_EQ(verdict({pinned}, trust_in({pinned}), {.at = pinned.validity().not_after + Seconds{1}}),
            "client_certificate_expired 0");
  EXPECT_EQ(verdict({pki().root}, trust_in({pki().root})), "client_certificate_is_ca 0");
}

TEST(VerifyPath, APinnedCertificateIsNoIssuer) {
  const Certificate pinned = forge().certificate("pinned-issuer", "pinned-issuer", "", Forge::kClient);
  EXPECT_EQ(verdict({forge().client("below-pinned", "x", "pinned-issuer")}, trust_in({pinned})),
            "client_certificate_issuer_not_ca 1");
}

TEST(VerifyPath, HoldsTheValidityToTheSecondAtBothEnds) {
  const auto trust = trust_in({pki().root});
  const std::vector<Certificate> chain = {
      leaf("short", Forge::with(Forge::kClient,
                                fmt::format(R"("not_before": {}, "not_after": {})", kNow.count - 10, kNow.count + 10))),
      pki().issuing};
  EXPECT_EQ(verdict(chain, trust, {.at = kNow - Seconds{11}}), "client_certificate_not_yet_valid 0");
  EXPECT_EQ(verdict(chain, trust, {.at = kNow - Seconds{10}}), "valid");
  EXPECT_EQ(verdict(chain, trust, {.at = kNow + Seconds{10}}), "valid");
  const auto late = verify_path(chain, trust, {.at = kNow + Seconds{11}});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::client_certificate_expired);
  EXPECT_EQ(late.error().limit, kNow + Seconds{10});
  EXPECT_EQ(late.error().certificate, chain[0]);
}

TEST(VerifyPath, NamesTheCaWhoseValidityIsOver) {
  const std::string past = fmt::format(R"("not_before": {}, "not_after": {})", kNow.count - 100, kNow.count - 10);
  const std::string future = fmt::format(R"("not_before": {}, "not_after": {})", kNow.count + 100, kNow.count + 200);
  const Certificate old = forge().certificate("old", "Old", "root", Forge::with(Forge::kCa, past));
  const Certificate young = forge().certificate("young", "Young", "root", Forge::with(Forge::kCa, future));
  const Certificate old_root = forge().certificate("old-root", "Old Root", "", Forge::with(Forge::kCa, past));
  EXPECT_EQ(verdict({forge().client("of-old", "x", "old"), old}, trust_in({pki().root})),
            "client_certificate_issuer_expired 1");
  EXPECT_EQ(verdict({forge().client("of-young", "x", "young"), young}, trust_in({pki().root})),
            "client_certificate_issuer_not_yet_valid 1");
  EXPECT_EQ(verdict({forge().client("of-old-root", "x", "old-root")}, trust_in({pki().root, old_root})),
            "client_certificate_issuer_expired 1");
}

TEST(VerifyPath, HoldsTheExtendedKeyUsageByRole) {
  const auto trust = trust_in({pki().root});
  const Certificate server = leaf("server", Forge::kServer);
  EXPECT_EQ(verdict({server, pki().issuing}, trust), "client_certificate_wrong_extended_key_usage 0");
  EXPECT_EQ(verdict({server, pki().issuing}, trust, {.at = kNow, .role = PeerRole::server}), "valid");
  EXPECT_EQ(verdict({pki().alice, pki().issuing}, trust, {.at = kNow, .role = PeerRole::server}),
            "server_certificate_wrong_extended_key_usage 0");
  PathOptions mail = at_now();
  mail.required_eku = {std::string(eku::kEmailProtection)};
  EXPECT_EQ(verdict({pki().alice, pki().issuing}, trust, mail), "client_certificate_wrong_extended_key_usage 0");
  mail.required_eku = {std::string(eku::kAny)};
  EXPECT_EQ(verdict({pki().alice, pki().issuing}, trust, mail), "valid");
}

TEST(VerifyPath, ALeafWithoutExtendedKeyUsageIsAWarningAndStrictlyAFault) {
  const auto trust = trust_in({pki().root});
  const Certificate any = leaf("no-eku", R"("basic": {"ca": false}, "usage": ["digital_signature"])");
  const auto result = verify_path({any, pki().issuing}, trust, at_now());
  ASSERT_TRUE(result);
  ASSERT_EQ(result->warnings.size(), 1U);
  EXPECT_EQ(result->warnings[0].index, 0U);
  EXPECT_EQ(verdict({any, pki().issuing}, trust, {.at = kNow, .check = PathCheck::strict}),
            "client_certificate_strict_violation 0");
}

TEST(VerifyPath, AnyExtendedKeyUsageHelpsACaButNoLeaf) {
  const Certificate any = leaf("any-eku", R"("eku": ["2.5.29.37.0"])");
  EXPECT_EQ(verdict({any, pki().issuing}, trust_in({pki().root})), "client_certificate_wrong_extended_key_usage 0");
  const Certificate ca =
      forge().certificate("any-ca", "Any CA", "root", Forge::with(Forge::kCa, R"("eku": ["2.5.29.37.0"])"));
  EXPECT_EQ(verdict({forge().client("of-any", "x", "any-ca"), ca}, trust_in({pki().root})), "valid");
}

TEST(VerifyPath, ACaNarrowsTheExtendedKeyUsageBelowIt) {
  const Certificate ca =
      forge().certificate("server-ca", "Server CA", "root", Forge::with(Forge::kCa, R"("eku": ["1.3.6.1.5.5.7.3.1"])"));
  EXPECT_EQ(verdict({forge().client("of-server-ca", "x", "server-ca"), ca}, trust_in({pki().root})),
            "client_certificate_wrong_extended_key_usage 1");
}

TEST(VerifyPath, TheLeafMustBeAllowedToSign) {
  const Certificate only_encipher = leaf("encipher", R"("usage": ["key_encipherment"], "eku": ["1.3.6.1.5.5.7.3.2"])");
  EXPECT_EQ(verdict({only_encipher, pki().issuing}, trust_in({pki().root})), "client_certificate_wrong_key_usage 0");
}

TEST(VerifyPath, ACaIsNoLeaf) {
  EXPECT_EQ(verdict({pki().issuing}, trust_in({pki().root})), "client_certificate_is_ca 0");
}

// `depth` counts intermediates.
TEST(VerifyPath, HoldsTheDepthAtOneLessEqualAndOneMore) {
  const Certificate a = forge().ca("depth-a", "A", "root");
  const Certificate b = forge().ca("depth-b", "B", "depth-a");
  const std::vector<Certificate> chain = {forge().client("deep", "deep", "depth-b"), b, a};
  const auto trust = trust_in({pki().root});
  EXPECT_EQ(verdict(chain, trust, {.at = kNow, .depth = 1}), "client_certificate_depth_exceeded 2");
  EXPECT_EQ(verdict(chain, trust, {.at = kNow, .depth = 2}), "valid");
  EXPECT_EQ(verdict(chain, trust, {.at = kNow, .depth = 3}), "valid");
  const Certificate direct = forge().client("direct", "direct", "root");
  EXPECT_EQ(verdict({direct}, trust, {.at = kNow, .depth = 0}), "valid");
  EXPECT_EQ(verdict({pki().alice, pki().issuing}, trust, {.at = kNow, .depth = 0}),
            "client_certificate_depth_exceeded 1");
}

TEST(VerifyPath, HoldsThePathLengthAndCountsNoSelfIssuedCa) {
  const Certificate root =
      forge().certificate("len-root", "Len", "", R"("basic": {"ca": true, "path": 0}, "usage": ["key_cert_sign"])");
  const Certificate below = forge().ca("len-below", "Below", "len-root");
  const Certificate same = forge().ca("len-same", "Len", "len-root");
  const auto trust = trust_in({root});
  EXPECT_EQ(verdict({forge().client("len-0", "x", "len-root")}, trust), "valid");
  EXPECT_EQ(verdict({forge().client("len-1", "x", "len-below"), below}, trust),
            "client_certificate_path_length_exceeded 2");
  EXPECT_EQ(verdict({forge().client("len-2", "x", "len-same"), same}, trust), "valid");
}

TEST(VerifyPath, AnIssuerMustBeACa) {
  const auto trust = trust_in({pki().root});
  const Certificate none = forge().certificate("no-basic", "No Basic", "root", R"("usage": ["key_cert_sign"])");
  const Certificate no = forge().certificate("false-basic", "False", "root", R"("basic": {"ca": false})");
  const Certificate v1 = forge().certificate("v1", "V1", "root", Forge::with(Forge::kCa, R"("edit": "version1")"));
  EXPECT_EQ(verdict({forge().client("l1", "x", "no-basic"), none}, trust), "client_certificate_issuer_not_ca 1");
  EXPECT_EQ(verdict({forge().client("l2", "x", "false-basic"), no}, trust), "client_certificate_issuer_not_ca 1");
  EXPECT_EQ(verdict({forge().client("l3", "x", "v1"), v1}, trust), "client_certificate_issuer_not_ca 1");
  const Certificate v1_root = forge().certificate("v1-root", "V1 Root", "", R"("edit": "version1")");
  EXPECT_EQ(verdict({forge().client("l4", "x", "v1-root")}, trust_in({v1_root})), "client_certificate_issuer_not_ca 1");
}

TEST(VerifyPath, AnIssuerMustBeAllowedToSignCertificates) {
  const Certificate ca =
      forge().certificate("no-sign", "No Sign", "root", R"("basic": {"ca": true}, "usage": ["crl_sign"])");
  EXPECT_EQ(verdict({forge().client("l5", "x", "no-sign"), ca}, trust_in({pki().root})),
            "client_certificate_issuer_key_usage 1");
}

}  // namespace
}  // namespace symbolon::x509
