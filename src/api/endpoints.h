// The one table of the API's calls: where each is, who may make it, what it does. The server routes by it, --help, the
// refusals and docs/api.md name its roles.
#pragma once

#include <span>
#include <string_view>

#include "api/roles.h"

namespace symbolon::api {

struct Endpoint {
  std::string_view name;    // "issue": stable; what refusals and documents call it
  std::string_view method;  // "POST"
  std::string_view path;    // "/v1/certificates/{what}"
  Roles roles;              // one of these, or admin
  std::string_view summary;

  bool allows(Roles caller) const { return caller.has(Role::admin) || caller.meets(roles); }
  // "admin or issuer": who may make this call.
  std::string needs() const;
};

std::span<const Endpoint> endpoints();
// The row of that name, which exists.
const Endpoint& endpoint(std::string_view name);

}  // namespace symbolon::api
