#include "prove/arguments.h"

#include <gtest/gtest.h>

#include "prove/testing/own_ca.h"
#include "x509/testing/shell.h"

namespace symbolon::prove {
namespace {

using x509::testing::Folder;

class PlanOfArguments : public ::testing::Test {
 protected:
  PlanOfArguments() {
    const KitCa ca = testing::own_ca();
    const auto content = make_kit(ca, testing::somebody(), testing::kNow);
    EXPECT_TRUE(write_kit(kit(), ca, *content, testing::kNow, Existing::keep).has_value());
  }
  Path kit() const { return Path(folder_.path()) / "kit"; }
  Arguments arguments() const { return {.endpoint = "web.example", .kit = kit()}; }
  Code refusal(const Arguments& arguments) const {
    const auto plan = read_plan(arguments, testing::kNow);
    EXPECT_FALSE(plan.has_value());
    return plan ? Code::internal : plan.error().code;
  }

 private:
  Folder folder_;
};

TEST_F(PlanOfArguments, HasDefaults) {
  const auto plan = read_plan(arguments(), testing::kNow);
  ASSERT_TRUE(plan.has_value()) << plan.error().text();
  EXPECT_EQ(plan->target.endpoint.text(), "web.example:443");
  EXPECT_EQ(plan->target.server_name, "web.example");
  EXPECT_EQ(plan->target.path, "/");
  EXPECT_NE(plan->target.other_name, plan->target.server_name);
  EXPECT_EQ(plan->target.ask(), Ask::http);
  EXPECT_EQ(plan->life, Seconds{20});
  EXPECT_FALSE(plan->ca.has_value());
}

TEST_F(PlanOfArguments, TextIsSentAsItIsMeant) {
  Arguments typed = arguments();
  typed.text = "PING\\r\\n\\t\\\\";
  const auto plan = read_plan(typed, testing::kNow);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->target.text, "PING\r\n\t\\");
  EXPECT_EQ(plan->target.ask(), Ask::text);
  for (const char* const bad : {"", "a\\", "\\x41"}) {
    typed.text = bad;
    EXPECT_EQ(refusal(typed), Code::usage) << bad;
  }
}

TEST_F(PlanOfArguments, NothingTypedEndsALineOfTheRequest) {
  for (const char* const bad : {"no-slash", "/a b", "/a\r\nX: y", ""}) {
    Arguments typed = arguments();
    typed.path = bad;
    EXPECT_EQ(refusal(typed), Code::usage) << bad;
    typed = arguments();
    typed.echo_path = bad;
    EXPECT_EQ(refusal(typed), Code::usage) << bad;
  }
  Arguments typed = arguments();
  typed.server_name = "a\r\nX: y";
  EXPECT_EQ(refusal(typed), Code::usage);
  typed = arguments();
  typed.other_name = "web.example";
  EXPECT_EQ(refusal(typed), Code::usage);
  typed = arguments();
  typed.identity_headers = {"X: y"};
  EXPECT_EQ(refusal(typed), Code::usage);
}

TEST_F(PlanOfArguments, UnknownCasesAndImpossibleLivesAreRefused) {
  Arguments typed = arguments();
  typed.only = {"expired", "no_such_case"};
  EXPECT_EQ(refusal(typed), Code::usage);
  for (const char* const bad : {"1s", "2d", "soon"}) {
    typed = arguments();
    typed.life = bad;
    EXPECT_EQ(refusal(typed), Code::usage) << bad;
  }
  typed = arguments();
  typed.revoked = true;
  typed.revoke_command = "true";
  EXPECT_EQ(refusal(typed), Code::usage);
  typed = arguments();
  typed.kit = "/nowhere/at/all";
  EXPECT_EQ(refusal(typed), Code::file_missing);
}

TEST(Endpoint, IsReadInEveryForm) {
  EXPECT_EQ(read_endpoint("web.example:8443")->text(), "web.example:8443");
  EXPECT_EQ(read_endpoint("web.example")->text(), "web.example:443");
  EXPECT_EQ(read_endpoint("[::1]:8443")->text(), "[::1]:8443");
  EXPECT_EQ(read_endpoint("[::1]")->text(), "[::1]:443");
  EXPECT_EQ(read_endpoint("2001:db8::1")->text(), "[2001:db8::1]:443");
  EXPECT_EQ(read_endpoint(":8443")->text(), "localhost:8443");
  EXPECT_EQ(read_endpoint("unix:/run/a.sock")->text(), "unix:/run/a.sock");
  for (const char* const bad : {"", "a:0", "a:b", "a b", "unix:", "a:70000"}) {
    const auto endpoint = read_endpoint(bad);
    ASSERT_FALSE(endpoint.has_value()) << bad;
    EXPECT_EQ(endpoint.error().code, Code::usage) << bad;
  }
}

TEST(Endpoint, IsHereOnlyWhereNobodyElseIs) {
  for (const char* const here : {"localhost:1", "a.localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "unix:/s"}) {
    EXPECT_TRUE(is_here(*read_endpoint(here))) << here;
  }
  for (const char* const other :
       {"web.example:1", "192.0.2.1:1", "[2001:db8::1]:1", "localhost.example:1", "notlocalhost:1"}) {
    EXPECT_FALSE(is_here(*read_endpoint(other))) << other;
  }
}

}  // namespace
}  // namespace symbolon::prove
