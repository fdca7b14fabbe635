#include "api/roles.h"

#include <fmt/format.h>

namespace symbolon::api {

std::string_view name(Role role) {
  switch (role) {
    case Role::admin: return "admin";
    case Role::issuer: return "issuer";
    case Role::revoker: return "revoker";
    case Role::approver: return "approver";
    case Role::auditor: return "auditor";
    case Role::gateway: return "gateway";
  }
  return "none";
}

std::optional<Role> role_from_name(std::string_view text) {
  for (const Role role : kRoles) {
    if (name(role) == text) return role;
  }
  return std::nullopt;
}

std::vector<Role> Roles::list() const {
  std::vector<Role> out;
  for (const Role role : kRoles) {
    if (has(role)) out.push_back(role);
  }
  return out;
}

std::string Roles::text() const {
  std::string out;
  for (const Role role : list()) out += (out.empty() ? "" : ", ") + std::string(name(role));
  return out.empty() ? "none" : out;
}

}  // namespace symbolon::api
