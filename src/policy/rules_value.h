// Access rules in the configuration: `allow: any_verified`, `allow: [ { uri: "spiffe://..." }, ... ]`, `deny: [ ... ]`.
#pragma once

#include <vector>

#include "config/table.h"
#include "config/value.h"
#include "policy/access_policy.h"

namespace symbolon::policy {

// For `allow`. An empty list is config_no_rules.
config::Value<AllowList> allow_value();
// For `deny`, and wherever else a list of rules stands.
config::Value<std::vector<Rule>> rules_value();
config::Value<Rule> rule_value();
// For profiles: a pattern of the kind.
config::Value<NamePattern> pattern_value(PatternKind kind);

}  // namespace symbolon::policy
