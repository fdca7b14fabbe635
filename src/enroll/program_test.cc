#include "enroll/program.h"

#include <gtest/gtest.h>

namespace symbolon::enroll {
namespace {

Result<ProgramOutput> shell(const std::string& script, std::string input = {},
                            std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
  ProgramCall call{.program = "sh", .arguments = {"-c", script}};
  call.input = std::move(input);
  call.deadline = deadline;
  return run_program(call);
}

TEST(Program, GivesStatusAndBothOutputs) {
  const auto output = shell("echo out; echo err >&2; exit 7");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->status, 7);
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
}

TEST(Program, PassesArgumentsAsTheyAreWithoutAShell) {
  const std::string odd = "a b'c\"$HOME`id`;\n*";
  const auto output = run_program({.program = "printf", .arguments = {"%s", odd}});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, odd);
}

TEST(Program, FeedsInputOfAnySizeWhileItReadsTheOutput) {
  const std::string large(3 << 20, 'x');
  const auto output = shell("cat", large);
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->out == large);
}

TEST(Program, SurvivesAProgramThatDoesNotReadItsInput) {
  const auto output = shell("exec <&-; echo done", std::string(3 << 20, 'x'));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "done\n");
}

TEST(Program, EndsWithItsDeadlineAndTakesItsChildrenAlong) {
  const auto begin = std::chrono::steady_clock::now();
  const auto output = shell("sleep 300 & sleep 300", {}, std::chrono::milliseconds(100));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::tool_failed);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Program, DoesNotWaitForWhatOutlivesIt) {
  const auto begin = std::chrono::steady_clock::now();
  const auto output = shell("sleep 30 & echo started");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "started\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Program, StopsOneThatWritesWithoutEnd) {
  const auto output = run_program({.program = "yes"});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::tool_failed);
}

TEST(Program, SaysWhichPackageIsMissing) {
  const auto unknown = run_program({.program = "no-such-program-of-symbolon"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::tool_missing);
  const auto path = run_program({.program = "/nowhere/certutil"});
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().code, Code::tool_missing);
}

TEST(Program, TellsTheSignalThatEndedIt) {
  const auto output = shell("kill -9 $$");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->status, 128 + 9);
}

TEST(Program, SeesTheEnvironmentItIsGivenAndAFixedLocale) {
  ProgramCall call{.program = "sh", .arguments = {"-c", "echo $SYMBOLON_X $LC_ALL ${PATH:+path}"}};
  call.environment = {{"SYMBOLON_X", "given"}};
  const auto output = run_program(call);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "given C path\n");
}

TEST(Program, FailureHoldsItsOwnWords) {
  const auto output = run_to_success({.program = "sh", .arguments = {"-c", "echo because >&2; exit 3"}});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::tool_failed);
  EXPECT_NE(output.error().words.find("because"), std::string::npos);
}

TEST(Program, CommandLineCanBeTypedAgain) {
  const ProgramCall call{.program = "certutil", .arguments = {"-d", "sql:/x y", "it's", "", "-A"}};
  EXPECT_EQ(command_line(call), "certutil -d 'sql:/x y' 'it'\\''s' '' -A");
}

}  // namespace
}  // namespace symbolon::enroll
