// What a caller of the authority's API is: every call asks for a role (endpoints.h); who has none may do nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace symbolon::api {

enum class Role : std::uint8_t {
  admin,     // everything
  issuer,    // asks for certificates
  revoker,   // revokes them
  approver,  // approves what another asked for, where two persons are needed
  auditor,   // reads everything
  gateway,   // reads what a gateway needs
};
inline constexpr Role kRoles[] = {Role::admin,    Role::issuer,  Role::revoker,
                                  Role::approver, Role::auditor, Role::gateway};

std::string_view name(Role role);
std::optional<Role> role_from_name(std::string_view name);

class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) add(role);
  }
  static constexpr Roles all() {
    Roles out;
    for (const Role role : kRoles) out.add(role);
    return out;
  }

  constexpr void add(Role role) { bits_ |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(role)); }
  constexpr bool has(Role role) const { return Roles({role}).bits_ & bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool meets(Roles other) const { return (bits_ & other.bits_) != 0; }
  // Whoever has these could be given the others and have nothing new: an admin, or who has them already.
  constexpr bool cover(Roles other) const { return has(Role::admin) || (bits_ & other.bits_) == other.bits_; }
  constexpr bool operator==(const Roles&) const = default;

  std::vector<Role> list() const;
  std::string text() const;  // "issuer, auditor"; "none"

 private:
  std::uint8_t bits_ = 0;
};

}  // namespace symbolon::api
