#include "policy/rule.h"

#include <gtest/gtest.h>

#include "policy/test_identity.h"

namespace symbolon::policy {
namespace {

using namespace std::string_view_literals;
using namespace std::string_literals;

const std::string kOnes(64, '1');
const std::string kTwos(64, '2');

struct Case {
  RuleKey key;
  std::string matching;
  std::string other;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {RuleKey::cn, "Ann Example", "ann example"},
      {RuleKey::cn, "Ann*", "Bob*"},
      {RuleKey::ou, "EU", "US"},
      {RuleKey::ou, "Sal*", "Sal"},
      {RuleKey::o, "Example Corp", "Example"},
      {RuleKey::dns, "API.example.com", "www.example.com"},
      {RuleKey::dns, "*.example.com", "*.example.org"},
      {RuleKey::uri, "spiffe://Example.com/billing/web", "spiffe://example.com/billing"},
      {RuleKey::uri, "spiffe://example.com/billing/*", "spiffe://example.com/*"},
      {RuleKey::email, "ann@example.com", "Ann@example.com"},
      {RuleKey::email, "*@example.com", "*@example.org"},
      {RuleKey::ip, "192.0.2.7", "192.0.2.8"},
      {RuleKey::ip, "2001:db8::/32", "10.0.0.0/8"},
      {RuleKey::serial, "A1B2C", "0a1b2d"},
      {RuleKey::serial, "0A:1B:2C", "ff"},
      {RuleKey::serial, "dec:662316", "dec:662317"},
      {RuleKey::fingerprint, kOnes, kTwos},
      {RuleKey::spki, kTwos, kOnes},
      {RuleKey::spki,
       "sha256/IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=", "sha256/ERERERERERERERERERERERERERERERERERERERERERE="},
      {RuleKey::spki, "sha256//IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=", kOnes},
      {RuleKey::issuer, "CN=Issuing CA,O=Example Corp", "O=Example Corp,CN=Issuing CA"},
      {RuleKey::issuer, "CN=issuing  ca,O=EXAMPLE corp", "CN=Issuing CA"},
      {RuleKey::profile, "person", "device"},
      {RuleKey::profile, "per*", "*x"},
  };
  return all;
}

TEST(Matcher, EachKeyMatchesItsFactAndNoOther) {
  for (const Case& c : cases()) {
    const auto matching = Matcher::make(c.key, c.matching);
    ASSERT_TRUE(matching) << c.matching << ": " << matching.error().text();
    EXPECT_TRUE(matching->matches(test::ann())) << name(c.key) << " " << c.matching;
    EXPECT_FALSE(matching->matches(test::nobody())) << name(c.key) << " " << c.matching;
    const auto other = Matcher::make(c.key, c.other);
    ASSERT_TRUE(other) << c.other << ": " << other.error().text();
    EXPECT_FALSE(other->matches(test::ann())) << name(c.key) << " " << c.other;
  }
}

TEST(Matcher, AnExactOneMatchesExactlyWhenIndexed) {
  for (const Case& c : cases()) {
    for (const std::string& pattern : {c.matching, c.other}) {
      const auto matcher = Matcher::make(c.key, pattern);
      ASSERT_TRUE(matcher);
      const auto exact = matcher->exact();
      if (!exact) continue;
      for (const x509::Identity& identity : {test::ann(), test::nobody()}) {
        const auto values = index_values(c.key, identity);
        EXPECT_EQ(std::ranges::find(values, *exact) != values.end(), matcher->matches(identity)) << pattern;
      }
    }
  }
}

TEST(Matcher, RefusesWhatCannotBeMeant) {
  const std::vector<std::pair<RuleKey, std::string_view>> bad{
      {RuleKey::cn, ""},
      {RuleKey::dns, "a*.b"},
      {RuleKey::uri, "/a"},
      {RuleKey::serial, ""},
      {RuleKey::serial, "xyz"},
      {RuleKey::serial, "dec:1a"},
      {RuleKey::fingerprint, ""},
      {RuleKey::fingerprint, "1111"},
      {RuleKey::spki, "sha256/AAAA"},
      {RuleKey::spki, "sha1/x"},
      {RuleKey::issuer, ""},
      {RuleKey::issuer, "nonsense"},
      {RuleKey::profile, "a*b"},
      {RuleKey::ip, "10.0.0.1/8"},
      {RuleKey::serial, "0a\0"sv},
      {RuleKey::spki, "sha256/IiIiIiIiIiIiIiIiIiIi IiIiIiIiIiIiIiIiIiIiIiIiIiI="},
  };
  for (const auto& [key, pattern] : bad) {
    const auto matcher = Matcher::make(key, pattern);
    ASSERT_FALSE(matcher) << name(key) << " " << pattern;
    EXPECT_EQ(matcher.error().code, Code::config_bad_value);
  }
}

TEST(Rule, AllItsKeysMustMatch) {
  const auto both = Rule::make({{RuleKey::ou, "Sales"}, {RuleKey::profile, "person"}});
  ASSERT_TRUE(both);
  EXPECT_TRUE(both->matches(test::ann()));
  auto device = test::ann();
  device.profile = "device";
  EXPECT_FALSE(both->matches(device));
  auto unnamed = test::ann();
  unnamed.profile.reset();
  EXPECT_FALSE(both->matches(unnamed));
}

TEST(Rule, NeedsAKeyAndEachOnce) {
  EXPECT_EQ(Rule::make({}).error().code, Code::config_bad_value);
  EXPECT_EQ(Rule::make({{RuleKey::cn, "a"}, {RuleKey::cn, "b"}}).error().code, Code::config_bad_value);
}

TEST(Rule, IsReadFromOneKeyAsOnTheCommandLine) {
  const auto rule = Rule::parse("uri:spiffe://example.com/billing/**");
  ASSERT_TRUE(rule);
  EXPECT_TRUE(rule->matches(test::ann()));
  for (const std::string_view bad : {"", "uri", "uri:", "zebra:x", ":x", "spiffe://example.com/a"}) {
    EXPECT_FALSE(Rule::parse(bad)) << bad;
  }
}

TEST(Rule, KeysHaveTheirNames) {
  EXPECT_EQ(all_rule_keys().size(), 12U);
  for (const RuleKey key : all_rule_keys()) EXPECT_EQ(rule_key(name(key)), key);
  EXPECT_EQ(name(RuleKey::profile), "profile");
  EXPECT_EQ(rule_key("CN"), std::nullopt);
}

TEST(Rule, NamesWithControlCharactersMatchNoRule) {
  x509::Identity evil = test::nobody();
  evil.common_names = {"Ann\0 Example"s, "\n"};
  evil.dns = {"web.example.com\0.evil.org"s};
  evil.uris = {"spiffe://example.com/billing/web\0"s};
  evil.emails = {"ann@example.com\0"s};
  evil.profile = "person\x01";
  for (const auto& [key, pattern] :
       std::vector<std::pair<RuleKey, std::string>>{{RuleKey::cn, "*"},
                                                    {RuleKey::cn, "Ann*"},
                                                    {RuleKey::dns, "**"},
                                                    {RuleKey::dns, "web.example.com"},
                                                    {RuleKey::uri, "spiffe://example.com/**"},
                                                    {RuleKey::email, "*@**"},
                                                    {RuleKey::profile, "*"}}) {
    EXPECT_FALSE(Rule::make({{key, pattern}})->matches(evil)) << name(key);
  }
  EXPECT_EQ(Matcher::make(RuleKey::cn, "*")->found(evil), "cn Ann\\x00 Example, \\x0a");
}

}  // namespace
}  // namespace symbolon::policy
