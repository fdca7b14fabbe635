#include "cli/completion.h"

#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/session.h"

namespace symbolon::cli {
namespace {

std::vector<std::string> offered(const std::vector<std::string>& line) {
  GlobalOptions global;
  std::vector<std::string> out;
  for (const Completion::Word& word : complete(command_table(global), line).words) out.push_back(word.text);
  return out;
}

using Words = std::vector<std::string>;

TEST(Completion, OffersCommandsBehindWhateverOptionsStandBefore) {
  EXPECT_EQ(offered({"--json", "--config", "list", "rev"}), Words{"revoke"});
  EXPECT_EQ(offered({"ca", "im"}), Words{"import"});
  EXPECT_EQ(offered({"revoke", "lis"}), Words{}) << "an argument stands there, no command";
}

TEST(Completion, TakesAnOptionsValueForNothingElse) {
  EXPECT_EQ(offered({"issue", "--out", "x", "wor"}), Words{"workload"});
  EXPECT_EQ(offered({"issue", "--no-p12", "wor"}), Words{"workload"}) << "a flag has no value";
  EXPECT_EQ(offered({"issue", "--key-type", "ed"}), Words{"ed25519"});
}

TEST(Completion, HoldsOutWithAnyLine) {
  EXPECT_EQ(offered({}), Words{});
  EXPECT_EQ(offered({"--no-such", "-", "--", "x", ""}), Words{});
  GlobalOptions global;
  EXPECT_EQ(complete(command_table(global), {"issue", "--out", ""}).kind, Completion::Kind::folder);
  EXPECT_EQ(complete(command_table(global), {"sign", ""}).kind, Completion::Kind::file);
}

}  // namespace
}  // namespace symbolon::cli
