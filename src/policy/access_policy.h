// Who may pass, of those whose certificate is verified: deny rules first, then allow rules, else no.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "config/place.h"
#include "policy/rule.h"
#include "x509/identity.h"

namespace symbolon::policy {

// What `allow` says: a list of rules, or in so many words that every verified peer may pass.
struct AllowList {
  bool any_verified = false;
  std::vector<Rule> rules = {};
  config::Place place = {};
};

struct AccessRules {
  AllowList allow;
  std::vector<Rule> deny;
};

struct Decision {
  enum class Outcome : std::uint8_t { allowed, denied };
  Outcome outcome = Outcome::denied;
  // The deciding rule with its place: "allow { dns: a.example } (symbolon.yaml:20:18)", "allow any_verified (...)", or
  // "no rule matched".
  std::string rule;
  config::Place place = {};

  bool allowed() const { return outcome == Outcome::allowed; }
};

// Why, rule by rule: what `symbolon config explain` prints.
struct Explanation {
  struct Key {
    RuleKey key;
    std::string pattern;
    bool matched = false;
    std::string found;  // what the certificate has there
  };
  struct RuleResult {
    Decision::Outcome kind = Decision::Outcome::denied;  // what it decides if it matches
    std::string text;
    config::Place place = {};
    bool matched = false;
    std::vector<Key> keys = {};
  };
  std::vector<RuleResult> rules;  // in the order of judgement: deny, then allow
  Decision decision;

  std::string text() const;  // several lines, each ended
};

// Immutable; all members are thread-safe.
class AccessPolicy {
 public:
  // Fails with config_no_rules when nothing could ever be allowed: no allow rule and not any_verified. `where` is the
  // place of the error.
  static Result<AccessPolicy> make(AccessRules rules, const std::string& where);

  // A deny rule also holds what might match it (NamePattern::might_match): what cannot be read is not let through.
  // Of several rules that match, the first in the file is named. Rules with an exact dns, uri, email, serial,
  // fingerprint or spki are found by hash; only the others are tried one by one.
  Decision decide(const x509::Identity& identity) const;
  Explanation explain(const x509::Identity& identity) const;

  const AccessRules& rules() const { return *rules_; }

 private:
  // Rules by one exact key each, and those without one, in order.
  struct Index {
    std::unordered_map<std::string, std::vector<std::uint32_t>> exact;
    std::vector<RuleKey> keys;  // that `exact` uses
    std::vector<std::uint32_t> scanned;
  };
  static Index index(const std::vector<Rule>& rules);
  const Rule* first_denial(const x509::Identity& identity) const;
  static const Rule* first_match(const std::vector<Rule>& rules, const Index& index, const x509::Identity& identity);

  explicit AccessPolicy(AccessRules rules);
  std::shared_ptr<const AccessRules> rules_;
  std::shared_ptr<const Index> deny_;
  std::shared_ptr<const Index> allow_;
};

}  // namespace symbolon::policy
