#include "policy/name_pattern.h"

#include <gtest/gtest.h>

#include <random>

#include "policy/name_text.h"

namespace symbolon::policy {
namespace {

using namespace std::string_view_literals;

struct Case {
  PatternKind kind;
  std::string_view pattern;
  std::vector<std::string_view> matching;
  std::vector<std::string_view> others;
};

void expect(const Case& c) {
  const auto pattern = NamePattern::make(c.kind, c.pattern);
  ASSERT_TRUE(pattern) << c.pattern << ": " << pattern.error().text();
  for (const auto name : c.matching) EXPECT_TRUE(pattern->matches(name)) << c.pattern << " against " << name;
  for (const auto name : c.others) EXPECT_FALSE(pattern->matches(name)) << c.pattern << " against " << shown(name);
}

void expect_refused(PatternKind kind, const std::vector<std::string_view>& patterns) {
  for (const auto pattern : patterns) {
    const auto made = NamePattern::make(kind, pattern);
    ASSERT_FALSE(made) << shown(pattern);
    EXPECT_EQ(made.error().code, Code::config_bad_value);
    EXPECT_TRUE(is_clean(made.error().words)) << shown(pattern);
  }
}

const std::string kLongLabel(64, 'a');
const std::string kLongName =
    std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(62, 'd') + ".e";

TEST(DnsPattern, ExactNamesMatchInAnyCase) {
  expect({PatternKind::dns,
          "Web.Example.com",
          {"web.example.com", "WEB.EXAMPLE.COM"},
          {"", "web.example.co", "a.web.example.com", "web.example.com.", "web-example.com", "*.example.com",
           "web.example.com\0"sv, "web.example.com\0.evil.org"sv, " web.example.com", "web.example.com\n"}});
}

TEST(DnsPattern, OneStarIsExactlyOneLabel) {
  expect({PatternKind::dns,
          "*.example.com",
          {"a.example.com", "A.Example.COM", "x-1.example.com", "_dmarc.example.com", "*.example.com"},
          {"example.com", ".example.com", "a.b.example.com", "aexample.com", "a.example.com.evil.org",
           "a\0.example.com"sv, "\n.example.com", "a b.example.com", "-a.example.com", "a-.example.com",
           "**.example.com", "a*.example.com", "\xC3\xBC.example.com", "*.a.example.com"}});
  expect({PatternKind::dns, "*", {"localhost", "A"}, {"", "a.b", "*", ".", "a\0"sv}});
}

TEST(DnsPattern, TwoStarsAreOneLabelOrMore) {
  expect(
      {PatternKind::dns,
       "**.example.com",
       {"a.example.com", "a.b.c.example.com", "*.example.com", "*.a.example.com"},
       {"example.com", ".example.com", "a..example.com", "aexample.com", "a.*.example.com", "a\0b.c.example.com"sv}});
  expect({PatternKind::dns, "**", {"a", "a.b.c", "*.b"}, {"", ".", "a.", "*", kLongName, kLongLabel + ".com"}});
}

TEST(DnsPattern, RefusesWhatIsNoPattern) {
  expect_refused(PatternKind::dns, {"",
                                    ".",
                                    "a.",
                                    ".a",
                                    "a..b",
                                    "a*.example.com",
                                    "*a.example.com",
                                    "a.*.com",
                                    "*.*.com",
                                    "**.*.com",
                                    "***",
                                    "***.com",
                                    "*example.com",
                                    "**example.com",
                                    "*.",
                                    "**.",
                                    "a b",
                                    "a_b..",
                                    "-a.com",
                                    "a-.com",
                                    "a\0b"sv,
                                    "a\n",
                                    "\xC3\xBC.example",
                                    "http://a",
                                    "a/b",
                                    kLongLabel,
                                    kLongName});
}

TEST(UriPattern, ExactUrisFoldSchemeAndHostOnly) {
  expect({PatternKind::uri,
          "spiffe://Example.com/Billing",
          {"spiffe://example.com/Billing", "SPIFFE://EXAMPLE.COM/Billing"},
          {"spiffe://example.com/billing", "spiffe://example.com/Billing/", "spiffe://example.com:80/Billing",
           "spiffe://example.com/Billing?", "spiffe://example.com/Billing#", "spiffe://example.com//Billing",
           "spiffe://user@example.com/Billing", "spiffe://example.com/Billing\0"sv, "spiffe://example.com", ""}});
  expect({PatternKind::uri,
          "https://Ann@Example.com:8443/a?B#C",
          {"HTTPS://Ann@example.COM:8443/a?B#C"},
          {"https://ann@example.com:8443/a?B#C", "https://Ann@example.com:8443/a?b#C"}});
  expect({PatternKind::uri, "urn:uuid:0A", {"URN:uuid:0A"}, {"urn:UUID:0A", "urn:uuid:0a"}});
  expect({PatternKind::uri, "https://a.example/x@Y", {"https://A.example/x@Y"}, {"https://a.example/x@y"}});
}

TEST(UriPattern, OneStarIsOneSegment) {
  expect(
      {PatternKind::uri,
       "spiffe://example.com/ns/*/sa/web",
       {"spiffe://example.com/ns/prod/sa/web", "spiffe://EXAMPLE.com/ns/a.b-c_1/sa/web"},
       {"spiffe://example.com/ns/sa/web", "spiffe://example.com/ns//sa/web", "spiffe://example.com/ns/a/b/sa/web",
        "spiffe://example.com/ns/../sa/web", "spiffe://example.com/ns/./sa/web", "spiffe://example.com/ns/a%2Fb/sa/web",
        "spiffe://example.com/ns/%00/sa/web", "spiffe://example.com/ns/a\0/sa/web"sv,
        "spiffe://example.com/ns/\n/sa/web", "spiffe://example.com/ns/*/sa/web", "spiffe://example.com/ns/a/sa/web/",
        "spiffe://example.com/ns/a/sa/web?x", "spiffe://example.com/ns/a/sa/web#x", "spiffe://example.org/ns/a/sa/web",
        "https://example.com/ns/a/sa/web", "spiffe://example.com.evil.org/ns/a/sa/web",
        "spiffe://x@example.com/ns/a/sa/web", "spiffe://example.com/ns/\xC3\xBC/sa/web"}});
}

TEST(UriPattern, TwoStarsAreAnyNumberOfSegments) {
  expect({PatternKind::uri,
          "spiffe://example.com/**",
          {"spiffe://example.com", "spiffe://example.com/a", "spiffe://example.com/a/b/c"},
          {"spiffe://example.com/", "spiffe://example.com/a/", "spiffe://example.com//a", "spiffe://example.com/a/../b",
           "spiffe://example.com?x", "spiffe://example.com#x", "spiffe://example.comx/a", "spiffe://example.com:1/a",
           "spiffe:example.com/a", "spiffe://example.com/a%2e%2e/b", "spiffe://example.com/a?b/c",
           "spiffe://example.com/a\0b"sv, "spiffe://evil.org/spiffe://example.com/a"}});
  expect({PatternKind::uri,
          "spiffe://td/a/**/z",
          {"spiffe://td/a/z", "spiffe://td/a/b/z", "spiffe://td/a/z/z", "spiffe://td/a/b/c/d/z"},
          {"spiffe://td/a", "spiffe://td/z", "spiffe://td/a/z/b", "spiffe://td/b/z", "spiffe://td/az"}});
  expect({PatternKind::uri,
          "spiffe://td/**/b/*/**",
          {"spiffe://td/b/x", "spiffe://td/a/b/x", "spiffe://td/b/b/b", "spiffe://td/a/b/b/x/y"},
          {"spiffe://td/b", "spiffe://td/a/b", "spiffe://td/x"}});
}

TEST(UriPattern, RefusesWhatIsNoPattern) {
  expect_refused(PatternKind::uri, {"",
                                    "a",
                                    "spiffe:",
                                    "://a",
                                    "1a://b",
                                    "sp iffe://a",
                                    "spiffe://a b",
                                    "*://a/b",
                                    "spiffe://*/a",
                                    "spiffe://*.example.com/a",
                                    "spiffe://td/a*",
                                    "spiffe://td/*a",
                                    "spiffe://td/***",
                                    "spiffe://td/**/",
                                    "spiffe://td//*",
                                    "spiffe://td/../*",
                                    "spiffe://td/./**",
                                    "spiffe://td/*?x",
                                    "spiffe://td?*",
                                    "spiffe://td/a%2Fb/*",
                                    "urn:*",
                                    "urn:a:*",
                                    "spiffe:///*",
                                    "spiffe://td/%zz",
                                    "spiffe://td/%2",
                                    "spiffe://td/\xC3\xBC",
                                    "spiffe://td/a\0"sv,
                                    "spiffe://td/a\n",
                                    "spiffe://td*"});
}

TEST(UriPattern, ManyStarsCostLittle) {
  std::string pattern = "spiffe://td";
  std::string name = "spiffe://td";
  for (int i = 0; i < 300; ++i) pattern += "/**/a";
  for (int i = 0; i < 3000; ++i) name += "/a";
  const auto made = NamePattern::uri(pattern + "/b");
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->matches(name));
  EXPECT_TRUE(made->matches(name + "/b"));
}

TEST(EmailPattern, LocalPartIsExactAndDomainFoldsCase) {
  expect({PatternKind::email,
          "Ann@Example.com",
          {"Ann@example.com", "Ann@EXAMPLE.COM"},
          {"ann@example.com", "Ann@example.org", "Ann@a.example.com", "Ann", "@example.com", "", "Ann@example.com\0"sv,
           "x@Ann@example.com"}});
  expect({PatternKind::email,
          "*@example.com",
          {"ann@example.com", "a.b+c@Example.COM"},
          {"@example.com", "ann@a.example.com", "ann@example.com.evil.org", "a@b@example.com", "\"a b\"@example.com",
           "a\0@example.com"sv, "a b@example.com", ".a@example.com", "a..b@example.com", "*@example.com",
           "a@evil.org\n@example.com", "example.com"}});
  expect({PatternKind::email, "*@**.example.com", {"a@b.c.example.com"}, {"a@example.com", "a@*.example.com"}});
  expect({PatternKind::email, "ann@*.example.com", {"ann@b.example.com"}, {"bob@b.example.com", "ann@example.com"}});
}

TEST(EmailPattern, RefusesWhatIsNoPattern) {
  expect_refused(PatternKind::email, {"", "a", "@", "a@", "@a.b", "a*@b.c", "*a@b.c", "a@b@c.d", "a@*b.c", "**@a.b",
                                      "a b@c.d", "a\0@b.c"sv, "\"a\"@b.c", "a@[192.0.2.1]"});
}

TEST(IpPattern, AddressesAndPrefixes) {
  expect({PatternKind::ip,
          "192.0.2.1",
          {"192.0.2.1"},
          {"192.0.2.2", "::ffff:192.0.2.1", "192.0.2.1/32", "", "x", "192.0.2.1\0"sv}});
  expect({PatternKind::ip, "192.0.2.0/24", {"192.0.2.0", "192.0.2.255"}, {"192.0.3.0", "192.0.1.255", "c000:200::"}});
  expect({PatternKind::ip, "192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127"}});
  expect({PatternKind::ip, "0.0.0.0/0", {"1.2.3.4"}, {"::1"}});
  expect({PatternKind::ip, "2001:DB8::/33", {"2001:db8::1", "2001:db8:7fff::"}, {"2001:db8:8000::", "32.1.13.184"}});
  expect({PatternKind::ip, "2001:db8::1", {"2001:0db8:0:0:0:0:0:1"}, {"2001:db8::2"}});
  const auto pattern = NamePattern::ip("192.0.2.0/24");
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->matches_ip(Bytes{192, 0, 2, 7}));
  EXPECT_FALSE(pattern->matches_ip(Bytes{192, 0, 2}));
  EXPECT_FALSE(pattern->matches_ip(Bytes{}));
  EXPECT_FALSE(pattern->exact());
  EXPECT_TRUE(NamePattern::ip("192.0.2.0/32")->exact());
}

TEST(IpPattern, RefusesWhatIsNoPattern) {
  expect_refused(PatternKind::ip,
                 {"", "192.0.2", "192.0.2.1/33", "192.0.2.1/24", "192.0.2.0/", "192.0.2.0/024", "192.0.2.0/-1",
                  "192.0.2.0/24x", "::/129", "2001:db8::1/64", "fe80::1%eth0", "192.0.2.*", "/8", "192.0.2.0\0"sv});
}

TEST(TextPattern, ExactOrOpenAtItsEnds) {
  expect({PatternKind::text, "Sales", {"Sales"}, {"sales", "Sales ", "Sales\0"sv, ""}});
  expect({PatternKind::text,
          "Sales*",
          {"Sales", "Sales EU"},
          {"Pre Sales", "Sales\0x"sv, "Sales\n", "Sales\x7F", "Sales\xFF"}});
  expect({PatternKind::text, "*Sales", {"Sales", "Pre Sales"}, {"Sales EU", "\0Sales"sv}});
  expect({PatternKind::text, "*Sales*", {"Sales", "a Sales b"}, {"Sale", "a\x01Sales"}});
  expect({PatternKind::text, "*", {"x", "\xC3\xBC"}, {"", "\0"sv, "a\r", "\xC2\x80"}});
  expect_refused(PatternKind::text, {"", "a*b", "**", "***", "*a*b*", "a\0"sv, "a\n*", "\xFF*", "a**"});
}

TEST(NamePattern, AGeneralNameMatchesOnlyInItsKind) {
  const auto dns = NamePattern::dns("**");
  ASSERT_TRUE(dns);
  EXPECT_TRUE(dns->matches(x509::GeneralName{.kind = x509::NameKind::dns, .value = "a.example"}));
  EXPECT_FALSE(dns->matches(x509::GeneralName{.kind = x509::NameKind::uri, .value = "a.example"}));
  EXPECT_FALSE(dns->matches(x509::GeneralName{.kind = x509::NameKind::other, .value = "a.example"}));
  const auto ip = NamePattern::ip("10.0.0.0/8");
  EXPECT_TRUE(ip->matches(x509::GeneralName{.kind = x509::NameKind::ip, .value = "10.1.2.3", .octets = {10, 1, 2, 3}}));
  EXPECT_FALSE(
      ip->matches(x509::GeneralName{.kind = x509::NameKind::dns, .value = "10.1.2.3", .octets = {10, 1, 2, 3}}));
  const auto text = NamePattern::text("*");
  EXPECT_FALSE(text->matches(x509::GeneralName{.kind = x509::NameKind::dns, .value = "a"}));
}

// Properties, over pieces that meet often.
class Random {
 public:
  std::string name() {
    static constexpr std::string_view kPieces[] = {
        "a",         "B",   "example", ".com", ".",  "/", "*",        "**",   "@",  "spiffe://", "://", ":",
        "192.0.2.1", "/24", "%2F",     "\0"sv, "\n", " ", "\xC3\xBC", "\xFF", "..", "?",         "#"};
    std::string out;
    for (auto left = std::uniform_int_distribution(0, 7)(engine_); left > 0; --left) {
      out += kPieces[std::uniform_int_distribution<std::size_t>(0, std::size(kPieces) - 1)(engine_)];
    }
    return out;
  }

 private:
  std::mt19937 engine_{20261121};
};

constexpr PatternKind kKinds[] = {PatternKind::dns, PatternKind::uri, PatternKind::email, PatternKind::ip,
                                  PatternKind::text};

TEST(NamePatternProperty, ControlCharactersNeverMatch) {
  Random random;
  int patterns = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::string text = random.name();
    const std::string name = random.name();
    for (const PatternKind kind : kKinds) {
      const auto pattern = NamePattern::make(kind, text);
      if (!pattern) continue;
      ++patterns;
      EXPECT_TRUE(is_clean(text));
      EXPECT_FALSE(pattern->matches(std::string_view(name)) && !is_clean(name)) << shown(name);
    }
  }
  EXPECT_GT(patterns, 1000);
}

TEST(NamePatternProperty, AnExactPatternMatchesWhatHasItsNormalFormAndNothingElse) {
  Random random;
  int exact = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::string text = random.name();
    const std::string name = random.name();
    for (const PatternKind kind : kKinds) {
      const auto pattern = NamePattern::make(kind, text);
      if (!pattern || !pattern->exact()) continue;
      ++exact;
      EXPECT_TRUE(pattern->matches(std::string_view(text))) << text;
      EXPECT_EQ(pattern->normal(), normal_form(kind, text));
      EXPECT_EQ(pattern->matches(std::string_view(name)), normal_form(kind, name) == pattern->normal())
          << text << " " << shown(name);
    }
  }
  EXPECT_GT(exact, 1000);
}

}  // namespace
}  // namespace symbolon::policy
