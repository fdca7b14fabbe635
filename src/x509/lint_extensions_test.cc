// The rules of the lint on extensions, each broken.
#include "x509/lint_extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "x509/testing/lint_draft.h"

namespace symbolon::x509 {
namespace {

using ::testing::Contains;
using testing::Draft;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace testing::lint;

TEST(Lint, BasicConstraints) {
  Draft draft = leaf();
  draft.extensions.push_back({std::string(kBasic), true, "30030101ff"});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_basic_constraints));
  draft.extensions.back().hex = "3003010100";  // FALSE is the default and not written in DER
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_basic_constraints));
  draft.extensions.back().hex = "3000";
  EXPECT_THAT(codes(draft), IsEmpty());

  for (const char* const bad : {"3000", "30030101ff", "30060101ff020101", "3003020100"}) {
    Draft ca = issuing_ca();
    ca.extension(kBasic).hex = bad;
    EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_basic_constraints)) << bad;
  }
  Draft ca = issuing_ca();
  ca.extension(kBasic).critical = false;
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_basic_constraints));
  ca.remove(kBasic);
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_basic_constraints));
}

TEST(Lint, KeyUsage) {
  for (const char* const bad : {"030100", "03020700", "03020680", "03020520", "03020084", "03020102", "0401ff"}) {
    Draft draft = leaf();  // nothing, nothing, padded, keyEncipherment of an EC key, keyCertSign, cRLSign, no bits
    draft.extension(kUsage).hex = bad;
    EXPECT_THAT(codes(draft), Contains(Code::lint_key_usage)) << bad;
  }
  Draft draft = leaf();
  draft.extension(kUsage).critical = false;
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_key_usage));
  draft.remove(kUsage);
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_key_usage));
  LintRules rules = leaf_rules();
  rules.key_usage = digital_signature | non_repudiation;
  EXPECT_THAT(codes(leaf(), rules), ElementsAre(Code::lint_key_usage));
  Draft ca = issuing_ca();
  ca.extension(kUsage).hex = "03020102";  // cRLSign alone
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_key_usage));
}

TEST(Lint, ExtendedKeyUsage) {
  Draft draft = leaf();
  draft.extension(kPurpose).hex = "30060604551d2500";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_extended_key_usage));
  draft.extension(kPurpose).hex = "3000";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_extended_key_usage));
  draft.remove(kPurpose);
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_extended_key_usage));
  LintRules rules = leaf_rules();
  rules.extended_key_usage = std::vector<std::string>{std::string(eku::kClientAuth)};
  EXPECT_THAT(codes(leaf(), rules), ElementsAre(Code::lint_extended_key_usage));
}

TEST(Lint, KeyIdentifiers) {
  for (const std::string_view which : {kSubjectId, kAuthorityId}) {
    Draft draft = leaf();
    char& last = draft.extension(which).hex.back();
    last = last == '0' ? '1' : '0';
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_key_identifiers)) << which;
    draft.remove(which);
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_key_identifiers)) << which;
  }
}

TEST(Lint, ExtensionsTwiceOrUnlistedOrCritical) {
  Draft draft = leaf();
  draft.extensions.push_back(draft.extension(kPurpose));
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_extension_twice));
  draft = leaf();
  draft.extensions.push_back({"1.2.3.4", false, "0500"});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_extension_unlisted));
  for (const std::string_view which : {kPurpose, kSubjectId, kAuthorityId, kNames}) {
    draft = leaf();
    draft.extension(which).critical = true;
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_extension_critical)) << which;
  }
  LintRules rules = leaf_rules();
  rules.profile = "server";
  EXPECT_THAT(codes(leaf(), rules), ElementsAre(Code::lint_extension_unlisted));
  draft = leaf();
  draft.extensions.push_back({std::string(kProfileOid), false, "0c06736572766572"});
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  EXPECT_THAT(codes(
                  [] {
                    Draft ca = issuing_ca();
                    ca.extensions.push_back({std::string(kProfileOid), false, "0c06736572766572"});
                    return ca;
                  }(),
                  ca_rules()),
              ElementsAre(Code::lint_extension_unlisted));
}

TEST(Lint, NoRevAvail) {
  const std::string oid = "2.5.29.56";
  Draft draft = leaf();
  draft.extensions.push_back({oid, false, "0500"});
  EXPECT_THAT(codes(draft), IsEmpty());
  draft.extension(oid).critical = true;
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_no_rev_avail));
  draft.extension(oid) = {oid, false, "3000"};
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_no_rev_avail));
  draft.extension(oid).hex = "0500";
  for (const std::string_view place : {"2.5.29.31", "2.5.29.46", "1.3.6.1.5.5.7.1.1"}) {
    draft.extensions.push_back({std::string(place), false, "3000"});
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_no_rev_avail)) << place;
    draft.remove(place);
  }
  Draft ca = issuing_ca();
  ca.extensions.push_back({oid, false, "0500"});
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_no_rev_avail));
}

// cRLDistributionPoints and freshestCRL have one syntax.
void check_place(const std::string& oid, std::optional<std::string> LintRules::* rule) {
  SCOPED_TRACE(oid);
  const std::string good = "300e300ca00aa0088606687474703a2f";  // http:/
  LintRules rules = leaf_rules();
  Draft draft = leaf();
  rules.*rule = "";
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  rules.*rule = "http:/";
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_unlisted));
  draft.extensions.push_back({oid, false, good});
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  draft.extension(oid).critical = true;
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_critical));
  draft.extension(oid).critical = false;
  for (const std::string_view url : {"", "http:", "http://"}) {
    rules.*rule = std::string(url);
    EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_unlisted)) << url;
  }
  rules.*rule = "http:/";
  for (const std::string_view other :
       {"3000", "300e300ca00aa0088206687474703a2f", "30103000300ca00aa0088606687474703a2f"}) {
    draft.extension(oid).hex = std::string(other);
    EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_unlisted)) << other;
  }
}

TEST(Lint, PlacesOfCrlsAreWhatTheProfileSays) {
  check_place("2.5.29.31", &LintRules::crl_url);
  check_place("2.5.29.46", &LintRules::freshest_crl_url);
}

// An element in hexadecimal, of less than 128 octets.
std::string element(std::string_view tag, std::string_view content) {
  return fmt::format("{}{:02x}{}", tag, content.size() / 2, content);
}

TEST(Lint, TheOcspResponderIsWhatTheProfileSays) {
  const std::string oid = "1.3.6.1.5.5.7.1.1";
  const std::string ocsp = element("06", "2b06010505073001");
  const std::string issuers = element("06", "2b06010505073002");
  const std::string uri = element("86", to_hex(as_bytes("http:/")));
  const std::string dns = element("82", to_hex(as_bytes("http:/")));
  const std::string access = element("30", ocsp + uri);
  LintRules rules = leaf_rules();
  Draft draft = leaf();
  rules.ocsp_url = "";
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  rules.ocsp_url = "http:/";
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_unlisted));
  draft.extensions.push_back({oid, false, element("30", access)});
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  draft.extension(oid).critical = true;
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_critical));
  draft.extension(oid).critical = false;
  for (const std::string_view url : {"", "http:", "http://"}) {
    rules.ocsp_url = std::string(url);
    EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_unlisted)) << url;
  }
  for (const std::string& other :
       {element("30", ""), access, element("30", element("30", "")), element("30", element("30", issuers + uri)),
        element("30", element("30", ocsp + dns)), element("30", element("30", ocsp)),
        element("30", element("30", ocsp + uri + "0500")), element("30", access + access),
        element("30", access + element("30", issuers + uri)), element("30", access) + "0500"}) {
    draft.extension(oid).hex = other;
    for (const char* const url : {"http:/", ""}) {
      rules.ocsp_url = url;
      EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_extension_unlisted)) << other << " " << url;
    }
  }
}

TEST(Lint, NameConstraints) {
  const std::string good = "300fa00d300b82096578616d706c652e63";
  Draft ca = issuing_ca();
  ca.extensions.push_back({std::string(kConstraints), true, good});
  EXPECT_THAT(codes(ca, ca_rules()), IsEmpty());
  ca.extension(kConstraints).critical = false;
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_name_constraints));
  ca.extension(kConstraints) = {std::string(kConstraints), true, "3000"};
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_name_constraints));
  ca.extension(kConstraints).hex = "3002a000";
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_name_constraints));
  ca.extension(kConstraints).hex = "300aa0083006820161800101";  // minimum 1
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_name_constraints));
  Draft draft = leaf();
  draft.extensions.push_back({std::string(kConstraints), true, good});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_constraints));
}

TEST(Lint, OutsideTheIssuersConstraints) {
  LintRules rules = leaf_rules();
  rules.issuer = &*material().constrained;
  Draft draft = leaf();
  draft.subject = {"O,UTF8:Example"};
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_outside_issuer_constraints));
  draft.extension(kNames).hex = dns_names({"web.example.com"});
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  draft.extension(kNames).hex = "300687040a010203";
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  draft.extension(kNames).hex = "300687040b010203";
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_outside_issuer_constraints));
}

TEST(Lint, OutsideTheConstraintsOfACaFurtherUp) {
  LintRules rules = leaf_rules();
  const std::vector<Certificate> above = {material().make_ca(""), *material().constrained};
  rules.above = above;
  Draft draft = leaf();
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_outside_issuer_constraints));
  draft.subject = {"CN,UTF8:web.example.com"};
  draft.extension(kNames).hex = dns_names({"web.example.com"});
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  // The library lets a wildcard pass that reaches beyond; verification does not.
  const std::vector<Certificate> narrow = {
      material().make_ca("-addext 'nameConstraints=critical,excluded;DNS:secret.example.com'")};
  rules.above = narrow;
  draft.extension(kNames).hex = dns_names({"*.example.com"});
  draft.subject = {"O,UTF8:Example"};
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_outside_issuer_constraints));
}

TEST(Lint, OutsideTheIssuersPurposes) {
  const Certificate servers = material().make_ca("-addext extendedKeyUsage=serverAuth");
  const Certificate clients = material().make_ca("-addext extendedKeyUsage=clientAuth");
  const Certificate any = material().make_ca("-addext extendedKeyUsage=anyExtendedKeyUsage");
  for (const Certificate* const good : {&servers, &any}) {
    LintRules rules = leaf_rules();
    rules.issuer = good;
    EXPECT_THAT(codes(leaf(), rules), IsEmpty());
  }
  LintRules rules = leaf_rules();
  rules.issuer = &clients;
  EXPECT_THAT(codes(leaf(), rules), ElementsAre(Code::lint_outside_issuer_purposes));
  rules.issuer = &servers;
  const std::vector<Certificate> above = {any, clients};
  rules.above = above;
  EXPECT_THAT(codes(leaf(), rules), ElementsAre(Code::lint_outside_issuer_purposes));
  EXPECT_THAT(codes(issuing_ca(), ca_rules()), IsEmpty()) << "a CA has no purposes of its own";
}

TEST(Lint, OcspSigning) {
  const std::string nocheck = "1.3.6.1.5.5.7.48.1.5";
  Draft draft = leaf();
  draft.extensions.push_back({nocheck, false, "0500"});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_ocsp_signing));
  draft.extension(kPurpose).hex = "300a06082b06010505070309";
  EXPECT_THAT(codes(draft), IsEmpty());
  draft.extension(nocheck).hex = "0101ff";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_ocsp_signing));
  draft.remove(nocheck);
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_ocsp_signing));
}

}  // namespace
}  // namespace symbolon::x509
