// For tests of the lint: a leaf and an issuing CA without fault, to be broken; bytes are written by the openssl command
// line from a description (asn1parse -genconf).
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/codes.h"
#include "x509/lint.h"
#include "x509/testing/draft.h"
#include "x509/testing/shell.h"

namespace symbolon::x509::testing::lint {

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

inline const Material& material() {
  static const Material material;
  return material;
}

inline const Bytes& algorithm() {
  static const Bytes der = *from_hex("300a06082a8648ce3d040302");  // ecdsa-with-SHA256
  return der;
}

inline LintRules leaf_rules() {
  return {.kind = LintKind::leaf,
          .algorithm_identifier = algorithm(),
          .issuer = &*material().issuer,
          .key = &*material().key,
          .least_names = 1};
}

inline constexpr std::string_view kBasic = "2.5.29.19";
inline constexpr std::string_view kUsage = "2.5.29.15";
inline constexpr std::string_view kPurpose = "2.5.29.37";
inline constexpr std::string_view kNames = "2.5.29.17";
inline constexpr std::string_view kSubjectId = "2.5.29.14";
inline constexpr std::string_view kAuthorityId = "2.5.29.35";
inline constexpr std::string_view kConstraints = "2.5.29.30";

inline std::string dns_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += fmt::format("82{:02x}{}", name.size(), to_hex(as_bytes(name)));
  return fmt::format("30{:02x}{}", list.size() / 2, list);
}

inline std::string uri_names(const std::vector<std::string>& uris) {
  std::string list;
  for (const std::string& uri : uris) list += fmt::format("86{:02x}{}", uri.size(), to_hex(as_bytes(uri)));
  return fmt::format("30{:02x}{}", list.size() / 2, list);
}

// A server's leaf without fault.
inline Draft leaf() {
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
inline Draft issuing_ca() {
  Draft out = leaf();
  out.subject = {"CN,UTF8:Lower"};
  out.remove(kPurpose);
  out.remove(kNames);
  out.extension(kUsage).hex = "03020106";
  out.extensions.insert(out.extensions.begin(), {std::string(kBasic), true, "30060101ff020100"});
  return out;
}

inline LintRules ca_rules() {
  LintRules rules = leaf_rules();
  rules.kind = LintKind::issuing_ca;
  rules.least_names = 0;
  return rules;
}

inline Bytes encode(const Draft& draft) {
  const Folder& folder = material().folder;
  folder.put("tbs.cnf", draft.conf());
  must(fmt::format("cd {} && openssl asn1parse -genconf tbs.cnf -noout -out tbs.der", folder.path().string()));
  return to_bytes(as_bytes(folder.get("tbs.der")));
}

inline std::vector<Code> codes(ByteView tbs, const LintRules& rules) {
  std::vector<Code> out;
  for (const Finding& finding : lint_tbs(tbs, rules)) {
    EXPECT_FALSE(finding.words.empty());
    EXPECT_TRUE(name(finding.code).starts_with("lint_"));
    out.push_back(finding.code);
  }
  return out;
}
inline std::vector<Code> codes(const Draft& draft, const LintRules& rules = leaf_rules()) {
  return codes(encode(draft), rules);
}

}  // namespace symbolon::x509::testing::lint
