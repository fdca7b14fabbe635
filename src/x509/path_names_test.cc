// Name constraints of every kind, through the whole verification: a name must pass OpenSSL's reading and ours.
#include <gtest/gtest.h>

#include "x509/name_match.h"
#include "x509/path_verification.h"
#include "x509/testing/forge.h"

namespace symbolon::x509 {
namespace {

using testing::forge;
using testing::Forge;
using testing::kNow;

int next_id = 0;

std::string list_of(std::string_view side, std::string_view name) {
  return name.empty() ? std::string() : fmt::format(R"(, "{}": ["{}"])", side, name);
}

// A leaf with this name below a CA with this constraint: does it pass?
bool passes(std::string_view constraint, std::string_view leaf_names) {
  const std::string id = fmt::format("nc-{}", next_id++);
  static const Certificate root = forge().ca("nc-root", "NC Root");
  const Certificate ca = forge().certificate(id, id, "nc-root", std::string(Forge::kCa) + std::string(constraint));
  const Certificate leaf =
      forge().certificate(id + "-leaf", "x", id, std::string(Forge::kClient) + std::string(leaf_names));
  static const auto trust = *TrustBundle::make({root}, kNow, "test");
  const auto result = verify_path({leaf, ca}, trust, {.at = kNow});
  if (!result) {
    EXPECT_EQ(result.error().code, Code::client_certificate_name_constraint) << result.error().detail;
  }
  return result.has_value();
}
bool permitted(std::string_view constraint, std::string_view name) {
  return passes(list_of("permitted", constraint), list_of("names", name));
}
bool not_excluded(std::string_view constraint, std::string_view name) {
  return passes(list_of("excluded", constraint), list_of("names", name));
}

TEST(NameConstraints, OfDnsNames) {
  EXPECT_TRUE(permitted("dns:example.com", "dns:example.com"));
  EXPECT_TRUE(permitted("dns:example.com", "dns:a.b.EXAMPLE.com"));
  EXPECT_FALSE(permitted("dns:example.com", "dns:badexample.com"));
  EXPECT_FALSE(permitted("dns:example.com", "dns:example.org"));
  EXPECT_TRUE(permitted("dns:.example.com", "dns:a.example.com"));
  EXPECT_FALSE(permitted("dns:.example.com", "dns:example.com"));
  EXPECT_TRUE(permitted("dns:example.com", "email:a@example.org"));  // another kind
  EXPECT_FALSE(not_excluded("dns:example.com", "dns:a.example.com"));
  EXPECT_FALSE(not_excluded("dns:.example.com", "dns:example.com"));
  EXPECT_TRUE(not_excluded("dns:example.com", "dns:example.org"));
}

TEST(NameConstraints, OfWildcards) {
  EXPECT_TRUE(permitted("dns:example.com", "dns:*.example.com"));
  EXPECT_FALSE(permitted("dns:a.example.com", "dns:*.example.com"));
  EXPECT_FALSE(not_excluded("dns:a.example.com", "dns:*.example.com"));
  EXPECT_FALSE(not_excluded("dns:example.com", "dns:*.example.com"));
  EXPECT_TRUE(not_excluded("dns:a.b.example.com", "dns:*.example.com"));
}

TEST(NameConstraints, OfNamesThatAreNoHostNames) {
  EXPECT_FALSE(not_excluded("dns:example.com", "dns:a.example.com."));
  EXPECT_FALSE(not_excluded("dns:example.com", "dns:a..example.org"));
  EXPECT_FALSE(permitted("dns:example.com", "dns:.example.com"));
  EXPECT_FALSE(permitted("dns:example.com", "dns:a b.example.com"));
  EXPECT_FALSE(not_excluded("dns:*.example.com", "dns:a.example.org"));  // a base that nobody can read
}

TEST(NameConstraints, OfMailAddresses) {
  EXPECT_TRUE(permitted("email:example.com", "email:a@example.com"));
  EXPECT_FALSE(permitted("email:example.com", "email:a@mail.example.com"));
  EXPECT_TRUE(permitted("email:.example.com", "email:a@mail.example.com"));
  EXPECT_FALSE(permitted("email:.example.com", "email:a@example.com"));
  EXPECT_TRUE(permitted("email:root@example.com", "email:root@EXAMPLE.com"));
  EXPECT_FALSE(permitted("email:root@example.com", "email:toor@example.com"));
  EXPECT_FALSE(not_excluded("email:root@example.com", "email:ROOT@example.com"));
  EXPECT_FALSE(not_excluded("email:example.com", "email:a@example.com"));
  EXPECT_TRUE(not_excluded("email:example.com", "email:a@example.org"));
  EXPECT_FALSE(permitted("email:example.com", "email:a@b@example.com"));
}

TEST(NameConstraints, OfMailAddressesInTheSubject) {
  const std::string subject = R"(, "subject": [["CN", "x"], ["emailAddress", "a@example.org"]])";
  EXPECT_FALSE(passes(list_of("permitted", "email:example.com"), subject));
  EXPECT_TRUE(passes(list_of("permitted", "email:example.org"), subject));
}

TEST(NameConstraints, OfUris) {
  EXPECT_TRUE(permitted("uri:example.com", "uri:spiffe://example.com/billing"));
  EXPECT_TRUE(permitted("uri:example.com", "uri:https://example.com:8443/x"));
  EXPECT_FALSE(permitted("uri:example.com", "uri:https://a.example.com/"));
  EXPECT_TRUE(permitted("uri:.example.com", "uri:https://a.example.com/"));
  EXPECT_FALSE(permitted("uri:.example.com", "uri:https://evil.org/?.example.com"));
  EXPECT_FALSE(permitted("uri:.example.com", "uri:https://evil.org#.example.com"));
  EXPECT_FALSE(permitted("uri:example.com", "uri:https://example.com:x@evil.org/"));
  EXPECT_FALSE(permitted("uri:example.com", "uri:https://user@example.com/"));
  EXPECT_FALSE(permitted("uri:example.com", "uri:urn:uuid:0"));
  EXPECT_FALSE(not_excluded("uri:example.com", "uri:https://192.0.2.1/"));
  EXPECT_FALSE(not_excluded("uri:example.com", "uri:https://example.com/"));
  EXPECT_TRUE(not_excluded("uri:example.com", "uri:https://example.org/"));
}

TEST(NameConstraints, OfAddresses) {
  EXPECT_TRUE(permitted("ip:192.0.2.0/24", "ip:192.0.2.7"));
  EXPECT_FALSE(permitted("ip:192.0.2.0/24", "ip:192.0.3.7"));
  EXPECT_FALSE(permitted("ip:192.0.2.0/24", "ip:2001:db8::1"));
  EXPECT_TRUE(permitted("ip:2001:db8::/32", "ip:2001:db8::1"));
  EXPECT_FALSE(not_excluded("ip:192.0.2.0/24", "ip:192.0.2.7"));
  EXPECT_FALSE(not_excluded("ip:192.0.2.0/24", "ip:::ffff:192.0.2.7"));
  EXPECT_TRUE(not_excluded("ip:192.0.2.0/24", "ip:198.51.100.1"));
}

TEST(NameConstraints, OfAddressesWithAHoleInTheMask) {
  // permittedSubtrees: iPAddress 192.0.2.0 with the mask 255.0.255.0
  const std::string holes =
      R"(, "extensions": [{"oid": "2.5.29.30", "critical": true, "value": "300ea00c300a8708c0000200ff00ff00"}])";
  EXPECT_FALSE(passes(holes, list_of("names", "ip:192.0.2.7")));
}

TEST(NameConstraints, OfDirectoryNames) {
  const std::string inside = R"(, "subject": [["O", "Example"], ["CN", "x"]])";
  const std::string outside = R"(, "subject": [["O", "Other"], ["CN", "x"]])";
  EXPECT_TRUE(passes(list_of("permitted", "dir:O=Example"), inside));
  EXPECT_FALSE(passes(list_of("permitted", "dir:O=Example"), outside));
  EXPECT_FALSE(passes(list_of("excluded", "dir:O=Example"), inside));
  EXPECT_TRUE(passes(list_of("excluded", "dir:O=Example"), outside));
}

TEST(NameConstraints, OfKindsThatNobodyKnows) {
  EXPECT_FALSE(permitted("rid:1.2.3", "rid:1.2.3.4"));
  EXPECT_TRUE(permitted("rid:1.2.3", "dns:example.com"));
}

// minimum 1 in permittedSubtrees dNSName example.com
TEST(NameConstraints, WithMinimumAreRefused) {
  const std::string minimum =
      R"(, "extensions": [{"oid": "2.5.29.30", "critical": true, "value": "3014a0123010820b6578616d706c652e636f6d800101"}])";
  EXPECT_FALSE(passes(minimum, list_of("names", "dns:example.com")));
}

// As OpenSSL does it: access rules may match a common name, and without a dNSName it is all that names the host.
TEST(NameConstraints, BindACommonNameThatLooksLikeAHost) {
  const std::string constraint = list_of("permitted", "dns:example.com");
  EXPECT_FALSE(passes(constraint, R"(, "subject": [["CN", "billing.example.org"]])"));
  EXPECT_TRUE(passes(constraint, R"(, "subject": [["CN", "billing.example.com"]])"));
  EXPECT_TRUE(passes(constraint, R"(, "subject": [["CN", "John Doe"]])"));
  EXPECT_TRUE(passes(constraint, R"(, "subject": [["CN", "a.example.org"]], "names": ["dns:b.example.com"])"));
}

TEST(NameConstraints, OfTheAnchorHoldToo) {
  const Certificate root =
      forge().certificate("nc-anchor", "NC Anchor", "", Forge::with(Forge::kCa, R"("permitted": ["dns:example.com"])"));
  const Certificate leaf = forge().certificate("nc-anchor-leaf", "x", "nc-anchor",
                                               Forge::with(Forge::kClient, R"("names": ["dns:example.org"])"));
  const auto result = verify_path({leaf}, *TrustBundle::make({root}, kNow, "test"), {.at = kNow});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::client_certificate_name_constraint);
}

TEST(NameConstraints, TooManyComparisonsAreTooComplex) {
  std::string names;
  for (int i = 0; i < 400; ++i) names += fmt::format(R"({}"dns:n{}.example.com")", i == 0 ? "" : ", ", i);
  const Certificate root =
      forge().certificate("nc-many", "NC Many", "", fmt::format(R"({}, "permitted": [{}])", Forge::kCa, names));
  const Certificate leaf =
      forge().certificate("nc-many-leaf", "x", "nc-many", fmt::format(R"({}, "names": [{}])", Forge::kClient, names));
  const auto result = verify_path({leaf}, *TrustBundle::make({root}, kNow, "test"), {.at = kNow});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::client_certificate_path_too_complex);
}

TEST(DnsMatch, FollowsRfc9525) {
  EXPECT_TRUE(dns_matches("a.example", "A.EXAMPLE"));
  EXPECT_TRUE(dns_matches("a.example", "a.example."));
  EXPECT_FALSE(dns_matches("a.example.", "a.example"));
  EXPECT_TRUE(dns_matches("*.example.com", "a.example.com"));
  EXPECT_FALSE(dns_matches("*.example.com", "example.com"));
  EXPECT_FALSE(dns_matches("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(dns_matches("*.com", "example.com"));
  EXPECT_FALSE(dns_matches("*", "localhost"));
  EXPECT_FALSE(dns_matches("f*.example.com", "foo.example.com"));
  EXPECT_FALSE(dns_matches("a.*.com", "a.example.com"));
  EXPECT_FALSE(dns_matches("*.example.com", "*.example.com"));
  EXPECT_FALSE(dns_matches("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(dns_matches("", ""));
}

}  // namespace
}  // namespace symbolon::x509
