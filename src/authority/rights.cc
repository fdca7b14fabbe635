#include "authority/rights.h"

#include <algorithm>

#include "policy/rules_value.h"

namespace symbolon::authority {

api::Roles Rights::of(const x509::Identity& identity) const {
  api::Roles out;
  if (identity.profile == "admin") out.add(api::Role::admin);
  if (identity.profile == "gateway") out.add(api::Role::gateway);
  const std::pair<api::Role, const std::vector<policy::Rule>*> by_rule[] = {{api::Role::issuer, &issuer},
                                                                            {api::Role::revoker, &revoker},
                                                                            {api::Role::approver, &approver},
                                                                            {api::Role::auditor, &auditor},
                                                                            {api::Role::gateway, &gateway}};
  for (const auto& [role, rules] : by_rule) {
    if (std::ranges::any_of(*rules, [&](const policy::Rule& rule) { return rule.matches(identity); })) out.add(role);
  }
  return out;
}

config::Table<Rights> rights_table() {
  config::Table<Rights> t("rights",
                          "Who may do what over the API, beside certificates of profile `admin` (everything) and "
                          "`gateway` (what a gateway needs). Certificates of this authority alone count.");
  t.optional("issuer", &Rights::issuer, policy::rules_value(),
             "Who may ask for certificates, except for such as would have a role that they have not.")
      .optional("revoker", &Rights::revoker, policy::rules_value(), "Who may revoke.")
      .optional("approver", &Rights::approver, policy::rules_value(),
                "Who may read and approve what another asked for, where two persons are needed.")
      .optional("auditor", &Rights::auditor, policy::rules_value(), "Who may read everything.")
      .optional("gateway", &Rights::gateway, policy::rules_value(), "Who may read what a gateway needs.");
  return t;
}

}  // namespace symbolon::authority
