#include "policy/access_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/name_text.h"

namespace symbolon::policy {
namespace {

using Outcome = Decision::Outcome;

constexpr std::string_view kNoRule = "no rule matched";

// The fewest certificates first: by which of its exact keys a rule is found.
constexpr std::array kMostSelective = {RuleKey::fingerprint, RuleKey::spki, RuleKey::serial, RuleKey::uri,
                                       RuleKey::email,       RuleKey::dns,  RuleKey::ip,     RuleKey::cn,
                                       RuleKey::ou,          RuleKey::o,    RuleKey::issuer, RuleKey::profile};

std::string hash_key(RuleKey key, std::string_view value) {
  std::string out(1, static_cast<char>(key));
  return out += value;
}

// The key and value under which the rule is found; nothing if it is to be tried on every identity.
std::optional<std::pair<RuleKey, std::string>> exact_key(const Rule& rule) {
  for (const RuleKey key : kMostSelective) {
    const auto matcher = std::ranges::find(rule.matchers(), key, &Matcher::key);
    if (matcher == rule.matchers().end()) continue;
    if (auto value = matcher->exact()) return std::pair(key, *std::move(value));
  }
  return std::nullopt;
}

std::string located(std::string_view outcome, std::string_view text, const config::Place& place) {
  const std::string where = place.text();
  return where.empty() ? fmt::format("{} {}", outcome, text) : fmt::format("{} {} ({})", outcome, text, where);
}

Decision decided(Outcome outcome, std::string_view text, const config::Place& place) {
  const std::string_view word = outcome == Outcome::allowed ? "allow" : "deny";
  return {.outcome = outcome, .rule = located(word, text, place), .place = place};
}

// Has a name that a pattern cannot be held against, or one that only denies.
bool is_odd(const x509::Identity& identity) {
  const auto in_six = [](const Bytes& octets) { return octets.size() == 16 && octets.front() == 0; };
  return !identity.subject_emails.empty() || !std::ranges::all_of(identity.dns, is_host_name) ||
         !std::ranges::all_of(identity.uris, is_plain_uri) || !std::ranges::all_of(identity.emails, is_plain_email) ||
         std::ranges::any_of(identity.ips, in_six) || !std::ranges::all_of(identity.common_names, is_clean) ||
         !std::ranges::all_of(identity.organizations, is_clean) ||
         !std::ranges::all_of(identity.organizational_units, is_clean);
}

Explanation::RuleResult explained(Outcome kind, const Rule& rule, const x509::Identity& identity) {
  const bool denies = kind == Outcome::denied;
  Explanation::RuleResult out{.kind = kind,
                              .text = rule.text(),
                              .place = rule.place(),
                              .matched = denies ? rule.might_match(identity) : rule.matches(identity)};
  for (const Matcher& matcher : rule.matchers()) {
    out.keys.push_back({.key = matcher.key(),
                        .pattern = matcher.pattern(),
                        .matched = denies ? matcher.might_match(identity) : matcher.matches(identity),
                        .found = matcher.found(identity)});
  }
  return out;
}

}  // namespace

Result<AccessPolicy> AccessPolicy::make(AccessRules rules, const std::string& where) {
  if (!rules.allow.any_verified && rules.allow.rules.empty()) {
    return fail_at(where, Code::config_no_rules,
                   "nobody could ever pass: `allow` has no rules (say `allow: any_verified` to let in every peer whose "
                   "certificate is verified)");
  }
  return AccessPolicy(std::move(rules));
}

AccessPolicy::AccessPolicy(AccessRules rules)
    : rules_(std::make_shared<const AccessRules>(std::move(rules))),
      deny_(std::make_shared<const Index>(index(rules_->deny))),
      allow_(std::make_shared<const Index>(index(rules_->allow.rules))) {}

AccessPolicy::Index AccessPolicy::index(const std::vector<Rule>& rules) {
  Index out;
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    const auto exact = exact_key(rules[i]);
    if (!exact) {
      out.scanned.push_back(i);
      continue;
    }
    out.exact[hash_key(exact->first, exact->second)].push_back(i);
    if (std::ranges::find(out.keys, exact->first) == out.keys.end()) out.keys.push_back(exact->first);
  }
  return out;
}

const Rule* AccessPolicy::first_match(const std::vector<Rule>& rules, const Index& index,
                                      const x509::Identity& identity) {
  std::size_t best = rules.size();
  const auto consider = [&](const std::vector<std::uint32_t>& candidates) {
    for (const std::uint32_t i : candidates) {  // ascending
      if (i >= best) return;
      if (rules[i].matches(identity)) best = i;
    }
  };
  for (const RuleKey key : index.keys) {
    for (const std::string& value : index_values(key, identity)) {
      const auto found = index.exact.find(hash_key(key, value));
      if (found != index.exact.end()) consider(found->second);
    }
  }
  consider(index.scanned);
  return best == rules.size() ? nullptr : &rules[best];
}

const Rule* AccessPolicy::first_denial(const x509::Identity& identity) const {
  if (!is_odd(identity)) return first_match(rules_->deny, *deny_, identity);
  const auto rule = std::ranges::find_if(rules_->deny, [&](const Rule& one) { return one.might_match(identity); });
  return rule == rules_->deny.end() ? nullptr : &*rule;
}

Decision AccessPolicy::decide(const x509::Identity& identity) const {
  if (const Rule* rule = first_denial(identity)) {
    return decided(Outcome::denied, rule->text(), rule->place());
  }
  const AllowList& allow = rules_->allow;
  if (allow.any_verified) return decided(Outcome::allowed, "any_verified", allow.place);
  if (const Rule* rule = first_match(allow.rules, *allow_, identity)) {
    return decided(Outcome::allowed, rule->text(), rule->place());
  }
  return {.outcome = Outcome::denied, .rule = std::string(kNoRule)};
}

Explanation AccessPolicy::explain(const x509::Identity& identity) const {
  Explanation out;
  for (const Rule& rule : rules_->deny) out.rules.push_back(explained(Outcome::denied, rule, identity));
  const AllowList& allow = rules_->allow;
  if (allow.any_verified) {
    out.rules.push_back({.kind = Outcome::allowed, .text = "any_verified", .place = allow.place, .matched = true});
  }
  for (const Rule& rule : allow.rules) out.rules.push_back(explained(Outcome::allowed, rule, identity));
  out.decision = decide(identity);
  return out;
}

std::string Explanation::text() const {
  std::string out;
  for (const RuleResult& rule : rules) {
    const std::string_view word = rule.kind == Outcome::allowed ? "allow" : "deny";
    out += fmt::format("{}: {}\n", located(word, rule.text, rule.place), rule.matched ? "matches" : "does not match");
    for (const Key& key : rule.keys) {
      out += fmt::format("  {} {}: {}; the certificate has {}\n", name(key.key), key.pattern,
                         key.matched ? "yes" : "no", key.found);
    }
  }
  return out + fmt::format("{}: {}\n", decision.allowed() ? "allowed" : "denied", decision.rule);
}

}  // namespace symbolon::policy
