// Which roles a certificate of this authority gives: `admin` and `gateway` by its profile, others by rules of the
// configuration: `rights: { issuer: [ { cn: build } ], auditor: [ { email: "*@audit.example" } ] }`.
#pragma once

#include <vector>

#include "api/roles.h"
#include "config/table.h"
#include "policy/rule.h"
#include "x509/identity.h"

namespace symbolon::authority {

// Of several rules of a role, one must match.
struct Rights {
  std::vector<policy::Rule> issuer = {};
  std::vector<policy::Rule> revoker = {};
  std::vector<policy::Rule> approver = {};
  std::vector<policy::Rule> auditor = {};
  std::vector<policy::Rule> gateway = {};

  // Of a certificate that was verified and is not revoked; whether it is, is not asked here.
  api::Roles of(const x509::Identity& identity) const;
};

config::Table<Rights> rights_table();

}  // namespace symbolon::authority
