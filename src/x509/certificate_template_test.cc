// What we encode, the openssl command line and python3-cryptography read as it was meant.
#include "x509/certificate_template.h"

#include <gtest/gtest.h>

#include "x509/pem.h"
#include "x509/testing/forge.h"
#include "x509/testing/shell.h"

namespace symbolon::x509 {
namespace {

using testing::Folder;
using testing::kNameStyle;
using testing::must;

constexpr UnixSeconds kNow{1'800'000'000};  // 2027-01-15T08:00:00Z

crypto::PrivateKey new_key() { return *crypto::PrivateKey::generate(crypto::KeyType::p256); }

CertificateTemplate leaf_template() {
  return {.serial = *SerialNumber::parse("80a1b2c3d4e5f60718"),
          .issuer = *DistinguishedName::parse("CN=Issuing CA,O=Example Corp"),
          .subject = *DistinguishedName::parse("CN=web.example,O=Example Corp"),
          .validity = {kNow, kNow + kDay * 90},
          .public_key = new_key().public_key(),
          .key_usage = digital_signature,
          .extended_key_usage = {std::string(eku::kServerAuth), std::string(eku::kClientAuth)},
          .authority_key_identifier = Bytes(20, 0xaa),
          .subject_alt_names = {*GeneralName::dns("web.example"), *GeneralName::dns("*.web.example"),
                                *GeneralName::ip("192.0.2.1"), *GeneralName::ip("2001:db8::1"),
                                *GeneralName::email("ops@example.com"), *GeneralName::uri("spiffe://example.com/web")},
          .no_rev_avail = true,
          .profile = "server"};
}

// Signed with a key of its own.
Bytes signed_certificate(const CertificateTemplate& content) {
  const auto signer = crypto::make_signer(new_key());
  const ByteView algorithm = (*signer)->algorithm_identifier();
  const auto tbs = encode_tbs(content, algorithm);
  EXPECT_TRUE(tbs) << tbs.error().text();
  return assemble_certificate(*tbs, algorithm, *(*signer)->sign(*tbs));
}

std::string text_of(const Folder& folder, const CertificateTemplate& content) {
  const std::string path = folder.put("c.pem", encode_pem("CERTIFICATE", signed_certificate(content)));
  return must(fmt::format("openssl x509 -noout -text {} -in {}", kNameStyle, path));
}

TEST(CertificateTemplate, IsReadByOpensslAsItWasMeant) {
  const Folder folder;
  const std::string text = text_of(folder, leaf_template());
  for (const char* const expected :
       {"Version: 3 (0x2)", "80:a1:b2:c3:d4:e5:f6:07:18", "Issuer: O=Example Corp, CN=Issuing CA",
        "Not Before: Jan 15 08:00:00 2027 GMT", "Not After : Apr 15 08:00:00 2027 GMT",
        "Subject: O=Example Corp, CN=web.example", "X509v3 Key Usage: critical\n                Digital Signature\n",
        "TLS Web Server Authentication, TLS Web Client Authentication", "X509v3 Subject Alternative Name: \n",
        "DNS:web.example, DNS:*.web.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, "
        "email:ops@example.com, URI:spiffe://example.com/web",
        "AA:AA:AA:AA", "X509v3 No Revocation Available: \n", "..server"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
  EXPECT_EQ(text.find("Basic Constraints"), std::string::npos);
}

TEST(CertificateTemplate, NamesThePlaceOfTheCrl) {
  const Folder folder;
  CertificateTemplate content = leaf_template();
  content.no_rev_avail = false;
  EXPECT_EQ(text_of(folder, content).find("CRL Distribution Points"), std::string::npos);
  content.crl_url = "http://crl.example/issuing.crl";
  const std::string text = text_of(folder, content);
  EXPECT_NE(text.find("X509v3 CRL Distribution Points: \n                Full Name:\n                  "
                      "URI:http://crl.example/issuing.crl\n"),
            std::string::npos)
      << text;
}

TEST(CertificateTemplate, NamesThePlaceOfTheDeltaCrl) {
  const Folder folder;
  CertificateTemplate content = leaf_template();
  content.no_rev_avail = false;
  EXPECT_EQ(text_of(folder, content).find("Freshest CRL"), std::string::npos);
  content.freshest_crl_url = "http://crl.example/issuing/delta.crl";
  const std::string text = text_of(folder, content);
  EXPECT_NE(text.find("X509v3 Freshest CRL: \n                Full Name:\n                  "
                      "URI:http://crl.example/issuing/delta.crl\n"),
            std::string::npos)
      << text;
}

TEST(CertificateTemplate, NamesTheOcspResponder) {
  const Folder folder;
  CertificateTemplate content = leaf_template();
  content.no_rev_avail = false;
  EXPECT_EQ(text_of(folder, content).find("Authority Information Access"), std::string::npos);
  content.ocsp_url = "http://ocsp.example:8470";
  const std::string text = text_of(folder, content);
  EXPECT_NE(text.find("Authority Information Access: \n                OCSP - URI:http://ocsp.example:8470\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(must("openssl x509 -noout -ocsp_uri -in " + (folder / "c.pem")), "http://ocsp.example:8470\n");
  EXPECT_EQ(Certificate::from_der(signed_certificate(content))->ocsp_urls(), std::vector{content.ocsp_url});
}

// Whatever a foreign CA writes there.
TEST(Certificate, OcspUrlsAreOfHttpAndOfOcspAlone) {
  const auto urls = [](std::string_view rest) {
    return testing::forge().certificate("aia", "aia", "", rest).ocsp_urls();
  };
  const auto element = [](std::string_view tag, std::string_view content) {
    return fmt::format("{}{:02x}{}", tag, content.size() / 2, content);
  };
  const auto access = [&](std::string_view method, std::string_view tag, std::string_view location) {
    return element("30", element("06", method) + element(tag, to_hex(as_bytes(location))));
  };
  const auto extension = [](std::string_view value) {
    return fmt::format(R"({{"oid": "1.3.6.1.5.5.7.1.1", "critical": false, "value": "{}"}})", value);
  };
  constexpr std::string_view kOcsp = "2b06010505073001";
  const std::string a = access(kOcsp, "86", "http://a");
  const std::string list = a + access("2b06010505073002", "86", "http://issuers") + access(kOcsp, "82", "http://dns") +
                           access(kOcsp, "86", "ldap://b") + access(kOcsp, "86", "https://c") +
                           access(kOcsp, "86", "http://") + access(kOcsp, "86", "http://d e") +
                           access(kOcsp, "86", std::string_view("http://f\0g", 10));
  EXPECT_EQ(urls(""), std::vector<std::string>());
  const std::string two = element("30", a + access(kOcsp, "86", "HTTP://b:80/c?d"));
  EXPECT_EQ(urls(fmt::format(R"("extensions": [{}])", extension(two))),
            (std::vector<std::string>{"http://a", "HTTP://b:80/c?d"}));
  const std::string long_list = fmt::format("3081{:02x}{}", list.size() / 2, list);
  EXPECT_EQ(urls(fmt::format(R"("extensions": [{}])", extension(long_list))), std::vector<std::string>{"http://a"});
  EXPECT_EQ(urls(fmt::format(R"("extensions": [{}])", extension("3000"))), std::vector<std::string>());
  EXPECT_EQ(urls(fmt::format(R"("extensions": [{}])", extension(two.substr(0, two.size() - 2)))),
            std::vector<std::string>());
  EXPECT_EQ(urls(fmt::format(R"("ski": false, "edit": "extension_twice", "extensions": [{}])", extension(two))),
            std::vector<std::string>());
}

TEST(CertificateTemplate, MarksTheNamesCriticalWhenTheSubjectIsEmpty) {
  const Folder folder;
  CertificateTemplate content = leaf_template();
  content.subject = DistinguishedName();
  EXPECT_NE(text_of(folder, content).find("X509v3 Subject Alternative Name: critical"), std::string::npos);
}

TEST(CertificateTemplate, WritesACaWithItsConstraints) {
  const Folder folder;
  CertificateTemplate content = leaf_template();
  content.ca = true;
  content.path_length = 0;
  content.key_usage = key_cert_sign | crl_sign;
  content.extended_key_usage.clear();
  content.subject_alt_names.clear();
  content.profile.reset();
  content.no_rev_avail = false;
  for (const char* const one : {"example.com", "10.0.0.0/8", "email:example.com", "uri:.example.com"}) {
    content.name_constraints.permitted.push_back(*NameSubtree::parse(one));
  }
  content.name_constraints.excluded.push_back(*NameSubtree::parse("2001:db8::/33"));
  const std::string text = text_of(folder, content);
  for (const char* const expected :
       {"X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign",
        "X509v3 Name Constraints: critical", "DNS:example.com", "IP:10.0.0.0/255.0.0.0", "email:example.com",
        "URI:.example.com", "IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:8000:0:0:0:0:0"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
}

TEST(CertificateTemplate, IsStrictDerToPython) {
  const Folder folder;
  folder.put("c.der", signed_certificate(leaf_template()));
  const std::string text = must(fmt::format(R"(/usr/bin/python3 -W ignore -c "
from cryptography import x509
c = x509.load_der_x509_certificate(open('{}', 'rb').read())
print(c.serial_number, [ (e.oid.dotted_string, e.critical) for e in c.extensions ])
print(c.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName))
")",
                                            folder / "c.der"));
  EXPECT_NE(text.find("('2.5.29.15', True)"), std::string::npos) << text;
  EXPECT_NE(text.find("('2.5.29.17', False)"), std::string::npos) << text;
  EXPECT_NE(text.find("['web.example', '*.web.example']"), std::string::npos) << text;
}

TEST(CertificateTemplate, RefusesDatesThatCannotBeWritten) {
  CertificateTemplate content = leaf_template();
  const auto code_of = [&](UnixSeconds begin, UnixSeconds end) {
    content.validity = {begin, end};
    const auto tbs = encode_tbs(content, ByteView());
    return tbs ? Code::usage : tbs.error().code;
  };
  EXPECT_EQ(code_of(kNow, {253402300800}), Code::lint_validity);
  EXPECT_EQ(code_of({-631152001}, kNow), Code::lint_validity);
  EXPECT_EQ(code_of(kNow, kNow - Seconds{1}), Code::lint_validity);
}

TEST(NameSubtree, SaysWhatIsNoConstraint) {
  for (const char* const bad : {"", "*.example.com", ".example.com", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/x",
                                "email:@example.com", "uri:https://example.com", "exa mple"}) {
    const auto subtree = NameSubtree::parse(bad);
    ASSERT_FALSE(subtree) << bad;
    EXPECT_EQ(subtree.error().code, Code::name_malformed) << bad;
  }
}

}  // namespace
}  // namespace symbolon::x509
