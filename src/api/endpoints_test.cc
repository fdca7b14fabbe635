#include "api/endpoints.h"

#include <gtest/gtest.h>

#include <set>

namespace symbolon::api {
namespace {

TEST(Endpoints, EachHasANameAndAPlaceOfItsOwn) {
  std::set<std::string_view> names;
  std::set<std::string> places;
  for (const Endpoint& row : endpoints()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(places.insert(std::string(row.method) + " " + std::string(row.path)).second) << row.path;
    EXPECT_EQ(&endpoint(row.name), &row);
  }
}

TEST(Endpoints, AdmitAdminsAndTheRolesThatTheyName) {
  for (const Endpoint& row : endpoints()) {
    const bool admins = row.name != "ticket_keys";  // they can come as a gateway, and that is on record
    EXPECT_EQ(row.allows({Role::admin}), admins) << row.name;
    EXPECT_FALSE(row.allows({})) << row.name;
    for (const Role role : kRoles) {
      if (role == Role::admin) continue;
      EXPECT_EQ(row.allows({role}), row.roles.has(role)) << row.name << " " << name(role);
    }
  }
}

TEST(Endpoints, WhoReadsChangesNothing) {
  for (const Endpoint& row : endpoints()) {
    if (row.method == "GET" || row.name == "verify_ledger") continue;
    EXPECT_FALSE(row.allows({Role::auditor})) << row.name;
    // But for what this authority said itself, and a restored ledger has forgotten.
    const bool of_gateways = row.name == "hand_back" || row.name == "report_seen" || row.name == "ticket_keys";
    EXPECT_EQ(row.allows({Role::gateway}), of_gateways) << row.name;
  }
}

TEST(Endpoints, SayWhoTheyAreFor) {
  EXPECT_EQ(endpoint("issue").needs(), "admin or issuer");
  EXPECT_EQ(endpoint("backup_ledger").needs(), "admin");
  EXPECT_EQ(endpoint("status").needs(), "any role");
  EXPECT_EQ(endpoint("ticket_keys").needs(), "gateway");
  EXPECT_EQ(endpoint("list").needs(), "admin, issuer, revoker, approver or auditor");
  EXPECT_EQ(endpoint("records").needs(), "admin or auditor");
  EXPECT_EQ(endpoint("own_records").needs(), "admin or auditor, or none where `authority.own_records` is set");
}

TEST(Roles, CoverWhatTheyHaveAndAnAdminEverything) {
  const Roles two{Role::issuer, Role::auditor};
  EXPECT_TRUE(two.cover({}));
  EXPECT_TRUE(two.cover({Role::auditor}));
  EXPECT_FALSE(two.cover({Role::auditor, Role::revoker}));
  EXPECT_FALSE(two.cover({Role::admin}));
  EXPECT_TRUE(Roles({Role::admin}).cover(Roles::all()));
  EXPECT_EQ(two.text(), "issuer, auditor");
  EXPECT_EQ(Roles().text(), "none");
  for (const Role role : kRoles) EXPECT_EQ(role_from_name(name(role)), role);
  EXPECT_FALSE(role_from_name("root"));
}

}  // namespace
}  // namespace symbolon::api
