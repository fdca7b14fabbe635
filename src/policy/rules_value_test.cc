#include "policy/rules_value.h"

#include <gtest/gtest.h>

#include "config/load.h"
#include "policy/test_identity.h"

namespace symbolon::policy {
namespace {

struct Clients {
  AllowList allow;
  std::vector<Rule> deny;
};

config::Loaded<Clients> read(std::string_view yaml) {
  config::Table<Clients> t("route");
  t.required("allow", &Clients::allow, allow_value(), "Who may pass.")
      .optional("deny", &Clients::deny, rules_value(), "Who may not.");
  return config::load(yaml, "s.yaml", t);
}

void expect_refused(std::string_view yaml, Code code, std::string_view where) {
  const auto loaded = read(yaml);
  ASSERT_FALSE(loaded.errors.empty()) << yaml;
  EXPECT_EQ(loaded.errors[0].code, code) << loaded.errors[0].text();
  EXPECT_EQ(loaded.errors[0].where, where) << loaded.errors[0].text();
}

TEST(RulesValue, ReadsRulesWithTheirPlaces) {
  const auto loaded =
      read("allow:\n  - uri: \"spiffe://example.com/**\"\n  - { ou: EU, profile: person }\ndeny: [ { cn: Bob } ]\n");
  ASSERT_TRUE(loaded.value) << config::to_text(loaded.errors);
  EXPECT_FALSE(loaded.value->allow.any_verified);
  ASSERT_EQ(loaded.value->allow.rules.size(), 2U);
  EXPECT_EQ(loaded.value->allow.rules[0].place().text(), "s.yaml:2:5");
  EXPECT_EQ(loaded.value->allow.rules[1].matchers().size(), 2U);
  EXPECT_EQ(loaded.value->deny.size(), 1U);
  const auto policy = AccessPolicy::make({.allow = loaded.value->allow, .deny = loaded.value->deny}, "s.yaml:1:8");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->decide(test::ann()).place.text(), "s.yaml:2:5");
}

TEST(RulesValue, AnyVerifiedIsSaidInSoManyWords) {
  const auto loaded = read("allow: any_verified\n");
  ASSERT_TRUE(loaded.value);
  EXPECT_TRUE(loaded.value->allow.any_verified);
  EXPECT_EQ(loaded.value->allow.place.text(), "s.yaml:1:8");
  expect_refused("allow: any\n", Code::config_bad_value, "s.yaml:1:8");
  expect_refused("allow: [any_verified]\n", Code::config_wrong_type, "s.yaml:1:9");
}

TEST(RulesValue, NobodyIsAnError) {
  expect_refused("allow: []\n", Code::config_no_rules, "s.yaml:1:8");
  expect_refused("allow:\n", Code::config_wrong_type, "s.yaml:2:1");
  expect_refused("deny: [ { cn: a } ]\n", Code::config_missing_key, "s.yaml:1:1");
  expect_refused("allow: [ {} ]\n", Code::config_bad_value, "s.yaml:1:10");
}

TEST(RulesValue, ErrorsStandAtThePattern) {
  expect_refused("allow: [ { dns: \"a*.b\" } ]\n", Code::config_bad_value, "s.yaml:1:17");
  expect_refused("allow: [ { dsn: a.b } ]\n", Code::config_unknown_key, "s.yaml:1:12");
  expect_refused("allow: [ { dns: a.b, dns: c.d } ]\n", Code::config_duplicate_key, "s.yaml:1:22");
  expect_refused("allow: [ { dns: [a.b] } ]\n", Code::config_wrong_type, "s.yaml:1:17");
  expect_refused("allow: any_verified\ndeny: any_verified\n", Code::config_wrong_type, "s.yaml:2:7");
}

TEST(RulesValue, ASerialWithoutItsIssuerGivesAWarning) {
  EXPECT_EQ(read("allow: [ { serial: 0a1b } ]\n").warnings.size(), 1U);
  EXPECT_TRUE(read("allow: [ { serial: 0a1b, issuer: CN=CA } ]\n").warnings.empty());
}

TEST(RulesValue, PatternsOfAProfileAreChecked) {
  struct Names {
    std::vector<NamePattern> dns;
  };
  config::Table<Names> t("profile");
  t.required("dns", &Names::dns, config::list_of(pattern_value(PatternKind::dns)), "Names.");
  EXPECT_TRUE(config::load("dns: [\"*.example.com\"]\n", "s.yaml", t).value);
  EXPECT_EQ(config::load("dns: [\"*x\"]\n", "s.yaml", t).errors.at(0).code, Code::config_bad_value);
}

}  // namespace
}  // namespace symbolon::policy
