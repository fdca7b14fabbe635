#include "cli/command.h"

#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/session.h"

namespace symbolon::cli {
namespace {

struct Words {
  std::string profile;
  std::vector<std::string> names;
  std::optional<std::string> out;
  bool force = false;
};

Command sample(Words& words) {
  Command command("tool", "A tool");
  Command make("make", "Makes");
  make.argument("PROFILE", &words.profile, "what for")
      .argument("NAME", &words.names, "names")
      .option("--out DIR", &words.out, "where")
      .option("--force", &words.force, "replace")
      .example("tool make a b", "makes b")
      .action([](Session&) { return Status(); });
  command.sub(std::move(make));
  return command;
}

TEST(Commands, TakeArgumentsAndOptionsInAnyOrder) {
  Words words;
  const Command table = sample(words);
  const auto parsed = parse(table, {"make", "server", "--out", "x", "a", "b", "--force"});
  ASSERT_TRUE(parsed) << parsed.error().words;
  ASSERT_NE(parsed->command, nullptr);
  EXPECT_EQ(parsed->command->name(), "make");
  EXPECT_EQ(words.profile, "server");
  EXPECT_EQ(words.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(words.out, "x");
  EXPECT_TRUE(words.force);
}

TEST(Commands, RefuseWhatTheyDoNotKnowAndSayWhereHelpIs) {
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"make"}, {"make", "server"}, {"make", "a", "b", "--no-such"}, {"nosuch"}, {"make", "a", "b", "--out"}}) {
    Words words;
    const Command table = sample(words);
    const auto parsed = parse(table, line);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Code::usage);
    EXPECT_NE(parsed.error().words.find("--help"), std::string::npos);
  }
}

TEST(Commands, PrintTheirPageWhateverElseIsMissing) {
  Words words;
  const Command table = sample(words);
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"make", "--help"}, {"make", "-h", "x"}}) {
    const auto parsed = parse(table, line);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->command, nullptr);
    EXPECT_NE(parsed->text.find("tool make a b"), std::string::npos);
    EXPECT_NE(parsed->text.find("tool make PROFILE NAME... [OPTIONS]"), std::string::npos);
  }
}

void check_pages(const Command& command, const std::string& path) {
  const std::string page = help_page(command, path);
  EXPECT_FALSE(command.help().empty()) << path;
  EXPECT_NE(page.find(path), std::string::npos);
  for (const Argument& argument : command.arguments()) {
    EXPECT_FALSE(argument.help.empty()) << path << " " << argument.name;
    // Newer CLI11 takes no ':', '=' or '{' in one.
    if (argument.is_option()) continue;
    EXPECT_EQ(argument.name.find_first_of(":={"), std::string::npos) << argument.name;
  }
  EXPECT_TRUE(command.run() || !command.subcommands().empty()) << path << " does nothing";
  for (const Command& sub : command.subcommands()) check_pages(sub, path + " " + sub.name());
}

TEST(TheCommandTable, HasAPageForEveryCommandAndHelpForEveryArgument) {
  GlobalOptions global;
  check_pages(command_table(global), "symbolon");
}

TEST(TheCommandTable, TakesTheGlobalOptionsBeforeAndBehindACommand) {
  GlobalOptions global;
  const Command table = command_table(global);
  ASSERT_TRUE(parse(table, {"--state", "a", "status", "--json"}));
  EXPECT_EQ(global.state, "a");
  EXPECT_TRUE(global.json);
  ASSERT_TRUE(parse(table, {"status", "--config", "b"}));
  EXPECT_EQ(global.config, "b");
}

}  // namespace
}  // namespace symbolon::cli
