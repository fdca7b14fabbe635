#include "policy/access_policy.h"

#include <gtest/gtest.h>

#include <random>

#include "policy/test_identity.h"

namespace symbolon::policy {
namespace {

using Outcome = Decision::Outcome;

Rule rule(RuleKey key, const std::string& pattern, int line = 0) {
  return *Rule::make({{key, pattern}}, {.file = line == 0 ? "" : "s.yaml", .line = line, .column = 1});
}

AccessPolicy policy(std::vector<Rule> allow, std::vector<Rule> deny = {}) {
  return *AccessPolicy::make({.allow = {.rules = std::move(allow)}, .deny = std::move(deny)}, "s.yaml:1:1");
}

TEST(AccessPolicy, WithoutRulesNothingStarts) {
  const auto empty = AccessPolicy::make({}, "s.yaml:3:7");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, Code::config_no_rules);
  EXPECT_EQ(empty.error().where, "s.yaml:3:7");
  EXPECT_EQ(AccessPolicy::make({.allow = {}, .deny = {rule(RuleKey::cn, "a")}}, "").error().code,
            Code::config_no_rules);
}

TEST(AccessPolicy, WhoNoRuleNamesIsDenied) {
  const AccessPolicy p = policy({rule(RuleKey::dns, "other.example.com"), rule(RuleKey::dns, "*.example.org")});
  const Decision decision = p.decide(test::ann());
  EXPECT_FALSE(decision.allowed());
  EXPECT_EQ(decision.rule, "no rule matched");
  EXPECT_FALSE(p.decide(test::nobody()).allowed());
}

TEST(AccessPolicy, OneAllowRuleIsEnough) {
  const Decision decision =
      policy({rule(RuleKey::cn, "Bob", 4), rule(RuleKey::email, "*@example.com", 5)}).decide(test::ann());
  EXPECT_TRUE(decision.allowed());
  EXPECT_EQ(decision.place.text(), "s.yaml:5:1");
  EXPECT_EQ(decision.rule, "allow { email: *@example.com } (s.yaml:5:1)");
}

TEST(AccessPolicy, DenyComesFirst) {
  const Decision decision =
      policy({rule(RuleKey::uri, "spiffe://example.com/billing/web")}, {rule(RuleKey::ou, "EU", 9)})
          .decide(test::ann());
  EXPECT_FALSE(decision.allowed());
  EXPECT_EQ(decision.place.line, 9);
}

TEST(AccessPolicy, ADenyRuleIsNotEscapedByAnOddName) {
  const auto any = *AccessPolicy::make({.allow = {.any_verified = true},
                                        .deny = {rule(RuleKey::email, "*@evil.com"), rule(RuleKey::dns, "**.evil.com"),
                                                 rule(RuleKey::uri, "spiffe://evil/**"),
                                                 rule(RuleKey::ip, "10.0.0.0/8"), rule(RuleKey::email, "ann@bad.com")}},
                                       "");
  const auto with = [](auto member, std::string name) {
    x509::Identity out = test::nobody();
    (out.*member).push_back(std::move(name));
    return out;
  };
  using I = x509::Identity;
  for (const char* const name : {"a@evil.com", "\"a b\"@evil.com", "a..b@evil.com", "a@evil.com.", "a b@EVIL.com",
                                 "ann@bad.com", "\"ann\"@bad.com", "ann@bad.com."}) {
    EXPECT_FALSE(any.decide(with(&I::emails, name)).allowed()) << name;
    EXPECT_FALSE(any.decide(with(&I::subject_emails, name)).allowed()) << name;
  }
  for (const char* const name : {"www.evil.com", "www.evil.com.", "w*.evil.com", "a b.evil.com", "..evil.com"}) {
    EXPECT_FALSE(any.decide(with(&I::dns, name)).allowed()) << name;
  }
  for (const char* const name :
       {"spiffe://evil/a", "spiffe://evil/a%2fb", "spiffe://evil/a//b", "spiffe://evil/a?x=1", "spiffe://user@evil/a",
        "spiffe://evil:1/a", "SPIFFE://Evil./a", "spiffe://evil/../b"}) {
    EXPECT_FALSE(any.decide(with(&I::uris, name)).allowed()) << name;
  }
  x509::Identity mapped = test::nobody();
  mapped.ips = {ip_octets("::ffff:10.1.1.1")};
  EXPECT_FALSE(any.decide(mapped).allowed());
  EXPECT_FALSE(any.explain(mapped).decision.allowed());
  for (const char* const name : {"a@good.com", "\"a b\"@good.com", "bob@bad.com"})
    EXPECT_TRUE(any.decide(with(&I::emails, name)).allowed()) << name;
  for (const char* const name :
       {"https://good.example/a%20b?x=1", "urn:uuid:1", "spiffe://evil2/a", "spiffe://e/evil//"})
    EXPECT_TRUE(any.decide(with(&I::uris, name)).allowed()) << name;
  for (const char* const name : {"evil.com.org", "notevil.com", "www.good.com."})
    EXPECT_TRUE(any.decide(with(&I::dns, name)).allowed()) << name;
}

TEST(AccessPolicy, AnyVerifiedMustBeSaidAndDenyStillHolds) {
  const auto any = AccessPolicy::make({.allow = {.any_verified = true}, .deny = {rule(RuleKey::serial, "0a1b2c")}}, "");
  ASSERT_TRUE(any);
  EXPECT_TRUE(any->decide(test::nobody()).allowed());
  EXPECT_FALSE(any->decide(test::ann()).allowed());
}

TEST(AccessPolicy, TheFirstRuleOfTheFileIsNamedHoweverItIsFound) {
  const Rule by_hash = rule(RuleKey::dns, "api.example.com", 10);
  const Rule by_scan = rule(RuleKey::dns, "*.example.com", 11);
  EXPECT_EQ(policy({by_hash, by_scan}).decide(test::ann()).place.line, 10);
  EXPECT_EQ(policy({by_scan, by_hash}).decide(test::ann()).place.line, 11);
}

TEST(AccessPolicy, CopiesShareAndOutliveTheOriginal) {
  std::optional<AccessPolicy> first = policy({rule(RuleKey::cn, "Ann*")});
  const AccessPolicy second = *first;
  first.reset();
  EXPECT_TRUE(second.decide(test::ann()).allowed());
}

TEST(AccessPolicy, ExplainsEachRuleAndWhichKeyFailed) {
  const Rule both =
      *Rule::make({{RuleKey::ou, "EU"}, {RuleKey::profile, "device"}}, {.file = "s.yaml", .line = 7, .column = 3});
  const Explanation explanation =
      policy({both, rule(RuleKey::cn, "Ann*", 8)}, {rule(RuleKey::ip, "10.0.0.0/8", 4)}).explain(test::ann());
  ASSERT_EQ(explanation.rules.size(), 3U);
  EXPECT_EQ(explanation.rules[0].kind, Outcome::denied);
  EXPECT_FALSE(explanation.rules[0].matched);
  EXPECT_FALSE(explanation.rules[1].matched);
  EXPECT_TRUE(explanation.rules[1].keys[0].matched);
  EXPECT_FALSE(explanation.rules[1].keys[1].matched);
  EXPECT_EQ(explanation.rules[1].keys[1].found, "profile person");
  EXPECT_TRUE(explanation.rules[2].matched);
  EXPECT_EQ(explanation.decision.place.line, 8);
  EXPECT_NE(explanation.text().find("s.yaml:7:3"), std::string::npos);
}

TEST(AccessPolicy, ManyExactRulesAreNotTriedOneByOne) {
  std::vector<Rule> rules;
  for (int i = 0; i < 20'000; ++i) rules.push_back(rule(RuleKey::uri, "spiffe://example.com/w/" + std::to_string(i)));
  const AccessPolicy p = policy(std::move(rules));
  x509::Identity identity = test::nobody();
  for (int i = 0; i < 1'000; ++i) {  // tried one by one it would be 40 million comparisons: minutes
    identity.uris = {"spiffe://example.com/w/" + std::to_string(19'999 - i)};
    ASSERT_TRUE(p.decide(identity).allowed());
    identity.uris = {"spiffe://example.com/w/x"};
    ASSERT_FALSE(p.decide(identity).allowed());
  }
}

// The index must change nothing: compared with trying every rule in order.
TEST(AccessPolicyProperty, DecidesAsTryingEveryRuleWould) {
  const std::vector<std::pair<RuleKey, std::string>> pool{{RuleKey::cn, "Ann Example"},
                                                          {RuleKey::cn, "Bob"},
                                                          {RuleKey::cn, "A*"},
                                                          {RuleKey::ou, "EU"},
                                                          {RuleKey::ou, "US"},
                                                          {RuleKey::dns, "web.example.com"},
                                                          {RuleKey::dns, "WWW.example"},
                                                          {RuleKey::dns, "*.example.com"},
                                                          {RuleKey::uri, "spiffe://example.com/**"},
                                                          {RuleKey::email, "ann@EXAMPLE.com"},
                                                          {RuleKey::ip, "192.0.2.7"},
                                                          {RuleKey::ip, "10.0.0.0/8"},
                                                          {RuleKey::serial, "ff"},
                                                          {RuleKey::serial, "0a1b2c"},
                                                          {RuleKey::profile, "device"},
                                                          {RuleKey::issuer, "CN=Issuing CA,O=Example Corp"},
                                                          {RuleKey::profile, "person"}};
  std::mt19937 engine(7);
  const auto draw = [&](int line) {
    for (;;) {
      std::vector<std::pair<RuleKey, std::string>> keys;
      for (auto left = std::uniform_int_distribution(1, 3)(engine); left > 0; --left) {
        keys.push_back(pool[std::uniform_int_distribution<std::size_t>(0, pool.size() - 1)(engine)]);
      }
      if (auto made = Rule::make(keys, {.file = "s", .line = line, .column = 1})) return *made;
    }
  };
  const auto first = [](const std::vector<Rule>& rules, const x509::Identity& identity) {
    const auto found = std::ranges::find_if(rules, [&](const Rule& r) { return r.matches(identity); });
    return found == rules.end() ? 0 : found->place().line;
  };
  int allowed = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::vector<Rule> allow;
    std::vector<Rule> deny;
    for (int i = 1; i <= 5; ++i) allow.push_back(draw(i));
    for (int i = 101; i <= 101 + round % 2; ++i) deny.push_back(draw(i));
    const AccessPolicy p = policy(allow, deny);
    for (const x509::Identity& identity : {test::ann(), test::nobody()}) {
      const Decision decision = p.decide(identity);
      const int denied_by = first(deny, identity);
      const int allowed_by = first(allow, identity);
      EXPECT_EQ(decision.allowed(), denied_by == 0 && allowed_by != 0);
      EXPECT_EQ(decision.place.line, denied_by != 0 ? denied_by : allowed_by);
      allowed += decision.allowed() ? 1 : 0;
    }
  }
  EXPECT_GT(allowed, 100);
}

}  // namespace
}  // namespace symbolon::policy
