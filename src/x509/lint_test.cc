// Each rule of the lint, broken by bytes that the openssl command line wrote from a description (asn1parse -genconf).
#include "x509/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/codes.h"
#include "x509/testing/draft.h"
#include "x509/testing/shell.h"

namespace symbolon::x509 {
namespace {

using ::testing::Contains;
using testing::Draft;
using ::testing::ElementsAre;
using testing::Folder;
using ::testing::IsEmpty;
using testing::must;

// An issuing CA "CN=Issuing" and a key to certify, made by the openssl command line.
struct Material {
  Folder folder;
  std::optional<Certificate> issuer;
  std::optional<Certificate> constrained;  // only example.com and 10.0.0.0/8
  std::optional<crypto::PublicKey> key;

  Material() {
    must("cd " + folder.path().string() +
         " && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key"
         " && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key"
         " && openssl pkey -in leaf.key -pubout -outform DER -out leaf.spki");
    issuer = make_ca("");
    constrained =
        make_ca("-addext 'nameConstraints=critical,permitted;DNS:example.com,permitted;IP:10.0.0.0/255.0.0.0'");
    key = *crypto::PublicKey::from_spki(as_bytes(folder.get("leaf.spki")));
  }

  Certificate make_ca(std::string_view extra) const {
    // -x509 dates begin now: `faketime` is not needed, the rules are given certificates around the draft's dates.
    must(
        fmt::format("cd {} && openssl req -new -key ca.key -subj /CN=Issuing -out ca.csr "
                    "&& openssl req -x509 -key ca.key -subj /CN=Issuing -days 36500 "
                    "-addext keyUsage=critical,keyCertSign,cRLSign {} -out ca.crt",
                    folder.path().string(), extra));
    return Certificate::from_pem(folder.get("ca.crt"))->front();
  }
};

const Material& material() {
  static const Material material;
  return material;
}

const Bytes& algorithm() {
  static const Bytes der = *from_hex("300a06082a8648ce3d040302");  // ecdsa-with-SHA256
  return der;
}

LintRules leaf_rules() {
  return {.kind = LintKind::leaf,
          .algorithm_identifier = algorithm(),
          .issuer = &*material().issuer,
          .key = &*material().key,
          .least_names = 1};
}

constexpr std::string_view kBasic = "2.5.29.19";
constexpr std::string_view kUsage = "2.5.29.15";
constexpr std::string_view kPurpose = "2.5.29.37";
constexpr std::string_view kNames = "2.5.29.17";
constexpr std::string_view kSubjectId = "2.5.29.14";
constexpr std::string_view kAuthorityId = "2.5.29.35";
constexpr std::string_view kConstraints = "2.5.29.30";

std::string dns_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += fmt::format("82{:02x}{}", name.size(), to_hex(as_bytes(name)));
  return fmt::format("30{:02x}{}", list.size() / 2, list);
}

std::string uri_names(const std::vector<std::string>& uris) {
  std::string list;
  for (const std::string& uri : uris) list += fmt::format("86{:02x}{}", uri.size(), to_hex(as_bytes(uri)));
  return fmt::format("30{:02x}{}", list.size() / 2, list);
}

// A server's leaf without fault.
Draft leaf() {
  const ByteView spki = material().key->spki();
  Draft out;
  out.key = to_hex(spki.last(65));
  out.extensions = {
      {std::string(kUsage), true, "03020780"},
      {std::string(kPurpose), false, "300a06082b06010505070301"},
      {std::string(kSubjectId), false, "0414" + to_hex(material().key->key_identifier())},
      {std::string(kAuthorityId), false, "30168014" + to_hex(*material().issuer->subject_key_identifier())},
      {std::string(kNames), false, dns_names({"web.example"})}};
  return out;
}

// An issuing CA without fault.
Draft issuing_ca() {
  Draft out = leaf();
  out.subject = {"CN,UTF8:Lower"};
  out.remove(kPurpose);
  out.remove(kNames);
  out.extension(kUsage).hex = "03020106";
  out.extensions.insert(out.extensions.begin(), {std::string(kBasic), true, "30060101ff020100"});
  return out;
}

LintRules ca_rules() {
  LintRules rules = leaf_rules();
  rules.kind = LintKind::issuing_ca;
  rules.least_names = 0;
  return rules;
}

Bytes encode(const Draft& draft) {
  const Folder& folder = material().folder;
  folder.put("tbs.cnf", draft.conf());
  must(fmt::format("cd {} && openssl asn1parse -genconf tbs.cnf -noout -out tbs.der", folder.path().string()));
  return to_bytes(as_bytes(folder.get("tbs.der")));
}

std::vector<Code> codes(ByteView tbs, const LintRules& rules) {
  std::vector<Code> out;
  for (const Finding& finding : lint_tbs(tbs, rules)) {
    EXPECT_FALSE(finding.words.empty());
    EXPECT_TRUE(name(finding.code).starts_with("lint_"));
    out.push_back(finding.code);
  }
  return out;
}
std::vector<Code> codes(const Draft& draft, const LintRules& rules = leaf_rules()) {
  return codes(encode(draft), rules);
}

TEST(Lint, HasNothingToSayOfWhatIsRight) {
  EXPECT_THAT(codes(leaf()), IsEmpty());
  EXPECT_THAT(codes(issuing_ca(), ca_rules()), IsEmpty());
}

TEST(Lint, Version) {
  Draft draft = leaf();
  draft.version = "EXPLICIT:0,INTEGER:1";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_version));
  draft.version = "";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_version));
}

TEST(Lint, Serial) {
  for (const char* const bad : {"INTEGER:0", "INTEGER:-0x4102030405060708090a", "INTEGER:0x41020304",
                                "INTEGER:0x410203040506070809101112131415161718192021"}) {
    Draft draft = leaf();
    draft.serial = bad;
    EXPECT_THAT(codes(draft), Contains(Code::lint_serial)) << bad;
  }
}

TEST(Lint, SignatureAlgorithm) {
  Draft draft = leaf();
  draft.algorithm = "OID:1.2.840.10045.4.3.3";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_signature_algorithm));
  // SHA-1, agreed on by both sides, is no better.
  draft.algorithm = "OID:1.2.840.10045.4.1";
  LintRules rules = leaf_rules();
  const Bytes sha1 = *from_hex("300906072a8648ce3d0401");
  rules.algorithm_identifier = sha1;
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_signature_algorithm));
}

TEST(Lint, Issuer) {
  Draft draft = leaf();
  draft.issuer = "CN,UTF8:issuing";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_issuer_mismatch));
  draft.issuer = "CN,PRINTABLE:Issuing";  // equal to a reader of names, but not the same octets
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_issuer_mismatch));
}

TEST(Lint, Validity) {
  const std::pair<const char*, const char*> bad[] = {
      {"UTCTIME:270201000000Z", "UTCTIME:270101000000Z"},     {"UTCTIME:270101000000Z", "UTCTIME:270101000000Z"},
      {"UTCTIME:270101000000Z", "GENTIME:20270201000000Z"},   {"UTCTIME:2701010000Z", "UTCTIME:270201000000Z"},
      {"UTCTIME:270101000000+0100", "UTCTIME:270201000000Z"}, {"GENTIME:20270101000000.5Z", "UTCTIME:270201000000Z"},
      {"UTCTIME:200101000000Z", "UTCTIME:270201000000Z"}};
  for (const auto& [begin, end] : bad) {
    Draft draft = leaf();
    draft.not_before = begin;
    draft.not_after = end;
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_validity)) << begin << " " << end;
  }
}

TEST(Lint, OutlivesIssuer) {
  Draft draft = leaf();
  draft.not_after = "GENTIME:22000101000000Z";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_outlives_issuer));
}

TEST(Lint, EmptySubject) {
  Draft draft = leaf();
  draft.subject.clear();
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_empty_subject));
  draft.extension(kNames).critical = true;
  EXPECT_THAT(codes(draft), IsEmpty());
  Draft ca = issuing_ca();
  ca.subject.clear();
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_ca_subject));
}

TEST(Lint, SubjectTooLong) {
  Draft draft = leaf();
  draft.subject = {"CN,UTF8:" + std::string(65, 'x')};
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_too_long));
  draft.subject = {"C,PRINTABLE:DEU"};
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_too_long));
  draft.subject = {"CN,FORMAT:UTF8,UTF8:" + std::string(64, 'x')};
  EXPECT_THAT(codes(draft), IsEmpty());
}

TEST(Lint, SubjectCharacters) {
  for (const char* const bad :
       {"CN,T61:web", "CN,BMP:web", "CN,UNIV:web", "CN,IA5:web", "CN,UTF8:", "CN,FORMAT:HEX,IMP:12U,OCT:776562002e65",
        "CN,FORMAT:HEX,IMP:12U,OCT:c080", "CN,FORMAT:HEX,IMP:12U,OCT:edA080", "CN,FORMAT:HEX,IMP:12U,OCT:c285",
        "CN,FORMAT:HEX,IMP:19U,OCT:2a", "emailAddress,UTF8:a@b.example",
        // "admin" with U+202E, U+2066, U+200B and U+FEFF in it, and with blanks at its ends: U+0020, U+00A0.
        "CN,FORMAT:HEX,IMP:12U,OCT:6164e280ae6e696d", "CN,FORMAT:HEX,IMP:12U,OCT:e281a661646d696e",
        "CN,FORMAT:HEX,IMP:12U,OCT:6164e2808b6d696e", "CN,FORMAT:HEX,IMP:12U,OCT:efbbbf61646d696e",
        "CN,FORMAT:HEX,IMP:12U,OCT:2061646d696e", "CN,FORMAT:HEX,IMP:12U,OCT:61646d696e20",
        "CN,FORMAT:HEX,IMP:19U,OCT:61646d696e20", "CN,FORMAT:HEX,IMP:12U,OCT:61646d696ec2a0"}) {
    Draft draft = leaf();
    draft.subject = {bad};
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_characters)) << bad;
  }
}

TEST(Lint, SubjectCharactersOfAnyLanguage) {
  // Arabic with a zero-width non-joiner, an e with a combining accent, a blank inside.
  for (const char* const good : {"CN,FORMAT:HEX,IMP:12U,OCT:d985db8ce2808cd8ae", "CN,FORMAT:HEX,IMP:12U,OCT:65cc81",
                                 "CN,UTF8:Anna Maria", "CN,PRINTABLE:Anna Maria"}) {
    Draft draft = leaf();
    draft.subject = {good};
    EXPECT_THAT(codes(draft), IsEmpty()) << good;
  }
}

TEST(Lint, NamesMissing) {
  Draft draft = leaf();
  draft.remove(kNames);
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_missing));
  draft = leaf();
  draft.extension(kNames).hex = "3000";
  EXPECT_THAT(codes(draft), Contains(Code::lint_san_empty));
  draft.extension(kNames).hex = dns_names({""});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_empty));
  draft.extension(kNames).hex = "3004a4023000";  // a directoryName without attributes
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_empty));
  draft.extension(kNames).hex = dns_names({" "});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_empty));
}

TEST(Lint, NamesMalformed) {
  for (const std::string& bad : {dns_names({"web_1.example"}), dns_names({"web..example"}), dns_names({"192.0.2.1"}),
                                 dns_names({"WEB.example"}), dns_names({"web.example."}), uri_names({"/relative"}),
                                 std::string("300587030a0000"), std::string("300488022a03"), std::string("30038201")}) {
    Draft draft = leaf();
    draft.extension(kNames).hex = bad;
    EXPECT_THAT(codes(draft), Contains(Code::lint_san_malformed)) << bad;
  }
  Draft draft = leaf();
  draft.extension(kNames).hex = dns_names({std::string("good.example\0.evil.example", 26)});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_name_characters));
}

TEST(Lint, Wildcards) {
  for (const char* const bad : {"w*.example", "a.*.example", "*.*.example", "*", "**.example"}) {
    Draft draft = leaf();
    draft.extension(kNames).hex = dns_names({bad});
    EXPECT_THAT(codes(draft), ElementsAre(Code::lint_san_wildcard)) << bad;
  }
  Draft draft = leaf();
  draft.extension(kNames).hex = dns_names({"*.web.example"});
  EXPECT_THAT(codes(draft), IsEmpty());
}

TEST(Lint, Svid) {
  LintRules rules = leaf_rules();
  rules.svid = true;
  Draft draft = leaf();
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_svid_uri));  // no URI
  draft.extension(kNames).hex = uri_names({"spiffe://example/web"});
  EXPECT_THAT(codes(draft, rules), IsEmpty());
  for (const auto& bad : {uri_names({"spiffe://example/a", "spiffe://example/b"}), uri_names({"https://example/web"}),
                          uri_names({"spiffe://example"}), uri_names({"spiffe://example/a", "https://example/b"})}) {
    draft.extension(kNames).hex = bad;
    EXPECT_THAT(codes(draft, rules), Contains(Code::lint_svid_uri)) << bad;
  }
  draft.extension(kNames).hex = uri_names({"spiffe://example/web"});
  draft.extension(kUsage).hex = "03020186";
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_svid_ca));
}

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

TEST(Lint, Key) {
  Draft draft = leaf();
  draft.key = to_hex(material().issuer->public_key().spki().last(65));
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_weak_key));  // not the key that was checked
  LintRules rules = leaf_rules();
  rules.key = nullptr;
  draft.key = "0400";
  EXPECT_THAT(codes(draft, rules), ElementsAre(Code::lint_weak_key));
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
  draft.extensions.push_back({"2.5.29.31", false, "3000"});
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_no_rev_avail));
  Draft ca = issuing_ca();
  ca.extensions.push_back({oid, false, "0500"});
  EXPECT_THAT(codes(ca, ca_rules()), ElementsAre(Code::lint_no_rev_avail));
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

TEST(Lint, Encoding) {
  const Bytes good = encode(leaf());
  for (std::size_t size = 0; size < good.size(); size += 7) {
    EXPECT_THAT(codes(ByteView(good).first(size), leaf_rules()), ElementsAre(Code::lint_encoding)) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_THAT(codes(longer, leaf_rules()), ElementsAre(Code::lint_encoding));
  Draft draft = leaf();
  draft.more = "INTEGER:1";
  EXPECT_THAT(codes(draft), ElementsAre(Code::lint_encoding));
}

TEST(Lint, EveryOctetThatChangesIsNoticedOrHarmless) {
  // Whatever one bit does, the lint ends, and only a change inside a value that it does not know (a name, a date within
  // the period, the serial) passes.
  const Bytes good = encode(leaf());
  std::size_t passed = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes changed = good;
    changed[i] ^= 0x20U;
    if (lint_tbs(changed, leaf_rules()).empty()) ++passed;
  }
  EXPECT_LT(passed, 48U);
}

}  // namespace
}  // namespace symbolon::x509
