// One test for each way in which a path can be wrong. Certificates are made by forge.py.
#include "x509/path_verification.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "x509/testing/forge.h"

namespace symbolon::x509 {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;
using P = CertificateProblem;

TrustBundle trust_in(std::vector<Certificate> anchors, UnixSeconds now = kNow) {
  auto bundle = TrustBundle::make(std::move(anchors), now, "test");
  if (!bundle) ADD_FAILURE() << bundle.error().text();
  return *std::move(bundle);
}

PathOptions at_now() { return {.at = kNow}; }

// The code and the place, as one text: "client_certificate_expired 0"; "valid" when there is no fault.
std::string verdict(const std::vector<Certificate>& presented, const TrustBundle& trust,
                    const PathOptions& options = at_now()) {
  const auto result = verify_path(presented, trust, options);
  if (result) return "valid";
  EXPECT_EQ(result.error().code, certificate_code(options.role, result.error().problem));
  EXPECT_FALSE(result.error().rule.empty());
  return fmt::format("{} {}", name(result.error().code), result.error().index);
}

// Root, issuing CA, and leaves under it; made once.
struct Pki {
  Certificate root = forge().ca("root", "Root");
  Certificate issuing = forge().ca("issuing", "Issuing", "root");
  Certificate alice = forge().client("alice", "alice", "issuing");
};
const Pki& pki() {
  static const Pki pki;
  return pki;
}

Certificate leaf(std::string_view id, std::string_view rest) {
  static_cast<void>(pki());
  return forge().certificate(id, id, "issuing", rest);
}

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

TEST(VerifyPath, RefusesWeakKeys) {
  const auto trust = trust_in({pki().root});
  for (const char* key : {"rsa1024", "p192", "dsa", "rsa2048:3"}) {
    const Certificate weak =
        leaf(fmt::format("weak-{}", key), Forge::with(Forge::kClient, fmt::format(R"("key": "{}")", key)));
    EXPECT_EQ(verdict({weak, pki().issuing}, trust), "client_certificate_weak_key 0") << key;
  }
  const Certificate ca =
      forge().certificate("weak-ca", "Weak CA", "root", Forge::with(Forge::kCa, R"("key": "rsa1024")"));
  EXPECT_EQ(verdict({forge().client("l6", "x", "weak-ca"), ca}, trust), "client_certificate_weak_key 1");
}

TEST(VerifyPath, AcceptsTheKeysOfForeignCas) {
  for (const char* key : {"rsa2048", "p384", "ed25519"}) {
    const std::string id = fmt::format("root-{}", key);
    const Certificate root =
        forge().certificate(id, id, "", Forge::with(Forge::kCa, fmt::format(R"("key": "{}")", key)));
    EXPECT_EQ(verdict({forge().client(id + "-leaf", "x", id)}, trust_in({root})), "valid") << key;
  }
}

TEST(VerifyPath, RefusesWeakSignaturesBelowTheAnchorOnly) {
  const Certificate root =
      forge().certificate("rsa-root", "RSA Root", "", Forge::with(Forge::kCa, R"("key": "rsa2048")"));
  for (const char* hash : {"md5", "sha1"}) {
    const std::string id = fmt::format("ca-{}", hash);
    const Certificate ca = forge().certificate(
        id, id, "rsa-root", Forge::with(Forge::kCa, fmt::format(R"("key": "rsa2048", "hash": "{}")", hash)));
    EXPECT_EQ(verdict({forge().client(id + "-leaf", "x", id), ca}, trust_in({root})),
              "client_certificate_weak_signature 1");
    const Certificate weak =
        forge().certificate(id + "-weak", "x", id, Forge::with(Forge::kClient, fmt::format(R"("hash": "{}")", hash)));
    EXPECT_EQ(verdict({weak}, trust_in({ca})), "client_certificate_weak_signature 0");
    EXPECT_EQ(verdict({forge().client(id + "-leaf2", "x", id)}, trust_in({ca})), "valid");
  }
}

TEST(VerifyPath, RefusesAChangedCertificate) {
  const Bytes der = forge().make(fmt::format(
      R"({{"id": "bad", "issuer": "issuing", "subject": [["CN", "bad"]], "not_before": 0, "not_after": {}, "signed_by": "root"}})",
      kNow.count + 100));
  const auto bad = Certificate::from_der(der);
  ASSERT_TRUE(bad);
  EXPECT_EQ(verdict({*bad, pki().issuing}, trust_in({pki().root})), "client_certificate_bad_signature 0");
  const Certificate bad_ca =
      forge().certificate("bad-ca", "Bad CA", "root", Forge::with(Forge::kCa, R"("signed_by": "alice")"));
  EXPECT_EQ(verdict({forge().client("l7", "x", "bad-ca"), bad_ca}, trust_in({pki().root})),
            "client_certificate_bad_signature 1");
}

TEST(VerifyPath, RefusesUnknownCriticalExtensions) {
  const std::string unknown = R"("extensions": [{"oid": "1.2.3.4", "critical": true, "value": "0500"}])";
  const std::string ignorable = R"("extensions": [{"oid": "1.2.3.4", "critical": false, "value": "0500"}])";
  const auto trust = trust_in({pki().root});
  EXPECT_EQ(verdict({leaf("critical", Forge::with(Forge::kClient, unknown)), pki().issuing}, trust),
            "client_certificate_unknown_critical_extension 0");
  EXPECT_EQ(verdict({leaf("ignorable", Forge::with(Forge::kClient, ignorable)), pki().issuing}, trust), "valid");
  const Certificate ca = forge().certificate("critical-ca", "Critical", "root", Forge::with(Forge::kCa, unknown));
  EXPECT_EQ(verdict({forge().client("l8", "x", "critical-ca"), ca}, trust),
            "client_certificate_unknown_critical_extension 1");
}

TEST(VerifyPath, RefusesWhatCannotBeReadWhole) {
  const auto trust = trust_in({pki().root});
  EXPECT_EQ(verdict({leaf("twice", Forge::with(Forge::kClient, R"("edit": "extension_twice")")), pki().issuing}, trust),
            "client_certificate_malformed 0");
  EXPECT_EQ(
      verdict({leaf("negative", Forge::with(Forge::kClient, R"("edit": "negative_serial")")), pki().issuing}, trust),
      "client_certificate_malformed 0");
  const std::string bad_basic = R"("extensions": [{"oid": "2.5.29.19", "critical": true, "value": "0102"}])";
  EXPECT_EQ(verdict({leaf("bad-basic", bad_basic), pki().issuing}, trust), "client_certificate_malformed 0");
}

TEST(VerifyPath, RefusesAnEmptyExtendedKeyUsageAndAnAddressOfFiveOctets) {
  const auto trust = trust_in({pki().root});
  const std::string empty = R"("extensions": [{"oid": "2.5.29.37", "critical": false, "value": "3000"}])";
  EXPECT_EQ(verdict({leaf("empty-eku", empty), pki().issuing}, trust), "client_certificate_malformed 0");
  const std::string five = R"("extensions": [{"oid": "2.5.29.17", "critical": false, "value": "300787050102030405"}])";
  EXPECT_EQ(verdict({leaf("five", five), pki().issuing}, trust), "client_certificate_malformed 0");
  const std::string latin = R"("extensions": [{"oid": "2.5.29.17", "critical": false, "value": "30058203e4622e"}])";
  EXPECT_EQ(verdict({leaf("latin", latin), pki().issuing}, trust), "client_certificate_malformed 0");
}

TEST(VerifyPath, ACaNeedsAName) {
  const Certificate nameless = forge().certificate("nameless", "", "", Forge::with(Forge::kCa, R"("subject": [])"));
  EXPECT_EQ(verdict({forge().client("of-nameless", "x", "nameless")}, trust_in({nameless})),
            "client_certificate_issuer_not_ca 1");
}

TEST(VerifyPath, StrictRefusesWhatTheProfileForbids) {
  const auto trust = trust_in({pki().root});
  const auto strict = [&](const std::vector<Certificate>& chain) {
    EXPECT_EQ(verdict(chain, trust), "valid");
    return verdict(chain, trust, {.at = kNow, .check = PathCheck::strict});
  };
  EXPECT_EQ(strict({leaf("zero", Forge::with(Forge::kClient, R"("edit": "zero_serial")")), pki().issuing}),
            "client_certificate_strict_violation 0");
  const std::string constraints =
      R"("extensions": [{"oid": "2.5.29.30", "critical": false, "value": "300aa008300682046c2e6f72"}])";
  EXPECT_EQ(strict({leaf("nc-leaf", Forge::with(Forge::kClient, constraints)), pki().issuing}),
            "client_certificate_strict_violation 0");
  const Certificate ca = forge().certificate("soft-nc", "Soft", "root", Forge::with(Forge::kCa, constraints));
  EXPECT_EQ(strict({forge().client("of-soft", "x", "soft-nc"), ca}), "client_certificate_strict_violation 1");
  const Certificate no_ski =
      forge().certificate("no-ski", "No SKI", "root", Forge::with(Forge::kCa, R"("ski": false)"));
  EXPECT_EQ(strict({forge().client("of-no-ski", "x", "no-ski"), no_ski}), "client_certificate_strict_violation 1");
  EXPECT_EQ(strict({leaf("no-aki", Forge::with(Forge::kClient, R"("aki": false)")), pki().issuing}),
            "client_certificate_strict_violation 0");
  const Certificate dotted =
      forge().certificate("dotted", "Dotted", "root", Forge::with(Forge::kCa, R"("permitted": ["dns:.example"])"));
  EXPECT_EQ(strict({forge().client("of-dotted", "x", "dotted"), dotted}), "client_certificate_name_constraint 1");
}

TEST(VerifyPath, RefusesNamesWithNul) {
  const auto trust = trust_in({pki().root});
  const Certificate san = leaf(
      "nul-san", Forge::with(Forge::kClient, R"("names": ["dns:good.example@.evil.example"], "edit": "nul_in_san")"));
  EXPECT_EQ(verdict({san, pki().issuing}, trust), "client_certificate_malformed 0");
  const Certificate subject =
      leaf("nul-cn", Forge::with(Forge::kClient, "\"subject\": [[\"CN\", \"alice\\u0000.evil\"]]"));
  EXPECT_EQ(verdict({subject, pki().issuing}, trust), "client_certificate_malformed 0");
}

TEST(VerifyPath, AcceptsNamesInEveryStringType) {
  const auto trust = trust_in({pki().root});
  for (const char* type : {"UTF8String", "PrintableString", "BMPString", "UniversalString", "T61String", "IA5String"}) {
    const std::string id = fmt::format("ca-{}", type);
    const std::string subject =
        fmt::format(R"("subject": [["O", "Example", "{}"], ["CN", "{}", "{}"]])", type, id, type);
    const Certificate ca = forge().certificate(id, "", "root", Forge::with(Forge::kCa, subject));
    const Certificate below = forge().client(id + "-leaf", "x", id);
    EXPECT_EQ(verdict({below, ca}, trust), "valid") << type;
    EXPECT_EQ(ca.subject().common_name(), id) << type;
  }
}

TEST(VerifyPath, HoldsTheExpectedNames) {
  const auto trust = trust_in({pki().root});
  const Certificate web =
      leaf("web", Forge::with(Forge::kServer, R"("names": ["dns:web.example", "dns:*.apps.example", "ip:192.0.2.7"])"));
  const auto asked = [&](const char* name) {
    PathOptions options{.at = kNow, .role = PeerRole::server};
    options.expected_names = {*GeneralName::parse(name)};
    return verdict({web, pki().issuing}, trust, options);
  };
  EXPECT_EQ(asked("web.example"), "valid");
  EXPECT_EQ(asked("WEB.example"), "valid");
  EXPECT_EQ(asked("a.apps.example"), "valid");
  EXPECT_EQ(asked("192.0.2.7"), "valid");
  EXPECT_EQ(asked("a.b.apps.example"), "server_certificate_name_mismatch 0");
  EXPECT_EQ(asked("apps.example"), "server_certificate_name_mismatch 0");
  EXPECT_EQ(asked("192.0.2.8"), "server_certificate_name_mismatch 0");
  EXPECT_EQ(asked("web"), "server_certificate_name_mismatch 0");  // the common name does not count
}

TEST(VerifyPath, HoldsPoliciesThatACaDemands) {
  // policyConstraints with requireExplicitPolicy 0: the leaf needs a policy, and has none.
  const Certificate ca = forge().certificate(
      "policy-ca", "Policy CA", "root",
      Forge::with(Forge::kCa, R"("extensions": [{"oid": "2.5.29.36", "critical": true, "value": "3003800100"}])"));
  EXPECT_EQ(verdict({forge().client("l9", "x", "policy-ca"), ca}, trust_in({pki().root})),
            "client_certificate_policy_violation 0");
  // RFC 5280 §6.1.1 (c): whoever names no policy is content with any.
  constexpr std::string_view kPolicy = R"({"oid": "2.5.29.32", "critical": false, "value": "3007300506032a0304"})";
  const Certificate fitting = forge().certificate(
      "policy-ca-2", "Policy CA 2", "root",
      Forge::with(Forge::kCa,
                  fmt::format(R"("extensions": [{}, {{"oid": "2.5.29.36", "critical": true, "value": "3003800100"}}])",
                              kPolicy)));
  const Certificate leaf = forge().certificate(
      "l10", "x", "policy-ca-2", Forge::with(Forge::kClient, fmt::format(R"("extensions": [{}])", kPolicy)));
  EXPECT_EQ(verdict({leaf, fitting}, trust_in({pki().root})), "valid");
}

// The CA that `openssl req -x509` makes in the tutorials: no keyUsage.
TEST(VerifyPath, ACaWithoutKeyUsageWorksWithAWarningAndStrictlyNot) {
  const Certificate bare = forge().certificate("bare", "Bare", "", R"("basic": {"ca": true})");
  const Certificate below = forge().client("bare-leaf", "x", "bare");
  const auto result = verify_path({below}, trust_in({bare}), at_now());
  ASSERT_TRUE(result) << result.error().detail;
  ASSERT_EQ(result->warnings.size(), 1U);
  EXPECT_EQ(result->warnings[0].code, Code::client_certificate_strict_violation);
  EXPECT_EQ(result->warnings[0].index, 1U);
  EXPECT_FALSE(result->warnings[0].remedy_text().empty());
  EXPECT_EQ(verdict({below}, trust_in({bare}), {.at = kNow, .check = PathCheck::strict}),
            "client_certificate_strict_violation 1");
}

// The same with the commands themselves: a bare CA, and the version 1 leaf that `openssl x509 -req` makes.
TEST(VerifyPath, AcceptsWhatTheTutorialsMakeWithOpenssl) {
  std::string folder = "/tmp/symbolon-path-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string made = fmt::format(
      "cd {} && (openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=My CA' -days 30 && "
      "openssl req -newkey rsa:2048 -nodes -keyout a.key -out a.csr -subj '/CN=alice' && "
      "openssl x509 -req -in a.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out a.pem -days 20) 2>log",
      folder);
  ASSERT_EQ(std::system(made.c_str()), 0) << *read_file(folder + "/log");
  const auto ca = Certificate::from_pem(*read_file(folder + "/ca.pem"));
  const auto leaf = Certificate::from_pem(*read_file(folder + "/a.pem"));
  ASSERT_TRUE(ca && leaf);
  std::filesystem::remove_all(folder);
  const UnixSeconds at = leaf->front().validity().not_before + Seconds{60};
  const auto result = verify_path(*leaf, trust_in(*ca, at), {.at = at});
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_FALSE(result->warnings.empty());
  EXPECT_EQ(verdict(*leaf, trust_in(*ca, at), {.at = at, .check = PathCheck::strict}),
            "client_certificate_strict_violation 0");
}

TEST(VerifyPath, StrictAcceptsAPathThatIsAsItShouldBe) {
  EXPECT_EQ(verdict({pki().alice, pki().issuing}, trust_in({pki().root}), {.at = kNow, .check = PathCheck::strict}),
            "valid");
}

TEST(VerifyPath, StrictRefusesAKeyIdentifierThatNamesAnotherKey) {
  const Certificate odd = leaf("odd-aki", Forge::with(Forge::kClient, R"("aki_of": "root")"));
  EXPECT_EQ(verdict({odd, pki().issuing}, trust_in({pki().root})), "valid");
  EXPECT_EQ(verdict({odd, pki().issuing}, trust_in({pki().root}), {.at = kNow, .check = PathCheck::strict}),
            "client_certificate_strict_violation 0");
}

}  // namespace
}  // namespace symbolon::x509
