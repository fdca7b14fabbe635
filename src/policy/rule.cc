#include "policy/rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/name_text.h"

namespace symbolon::policy {

Result<Rule> Rule::make(const std::vector<std::pair<RuleKey, std::string>>& keys, config::Place place) {
  std::vector<Matcher> matchers;
  for (const auto& [key, pattern] : keys) matchers.push_back(TRY(Matcher::make(key, pattern)));
  return of(std::move(matchers), std::move(place));
}

Result<Rule> Rule::of(std::vector<Matcher> matchers, config::Place place) {
  // A rule without keys would match everybody: `any_verified` says that.
  if (matchers.empty()) return fail(Code::config_bad_value, "a rule needs at least one key");
  Rule rule;
  for (const Matcher& matcher : matchers) {
    if (std::ranges::count(matchers, matcher.key(), &Matcher::key) > 1) {
      return fail(Code::config_bad_value, "a rule has each key once; '{}' stands twice", name(matcher.key()));
    }
    rule.text_ +=
        fmt::format("{} {}: {}", rule.text_.empty() ? "{" : ",", name(matcher.key()), shown(matcher.pattern()));
  }
  rule.text_ += " }";
  rule.matchers_ = std::move(matchers);
  rule.place_ = std::move(place);
  return rule;
}

Result<Rule> Rule::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto key = rule_key(text.substr(0, colon));
  if (colon == std::string_view::npos || !key) {
    return fail(Code::config_bad_value, "'{}' is no rule: write KEY:PATTERN, as in uri:spiffe://example.com/billing",
                shown(text));
  }
  return make({{*key, std::string(text.substr(colon + 1))}});
}

bool Rule::matches(const x509::Identity& identity) const {
  return std::ranges::all_of(matchers_, [&](const Matcher& matcher) { return matcher.matches(identity); });
}

bool Rule::might_match(const x509::Identity& identity) const {
  return std::ranges::all_of(matchers_, [&](const Matcher& matcher) { return matcher.might_match(identity); });
}

}  // namespace symbolon::policy
