// Ways in which a path can be wrong: keys, signatures, encodings, names, policies, and what only strict checking
// refuses.
#include "x509/path_verification.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "x509/testing/path_pki.h"

namespace symbolon::x509 {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;
using namespace testing::path;

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
