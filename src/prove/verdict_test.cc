#include "prove/verdict.h"

#include <gtest/gtest.h>

namespace symbolon::prove {
namespace {

std::vector<CaseResult> results(std::initializer_list<Verdict> verdicts) {
  std::vector<CaseResult> out;
  for (const Verdict verdict : verdicts) out.push_back({"some_case", verdict, "words"});
  return out;
}

TEST(Verdict, TheScoreCountsWhatWasRun) {
  const Score all = score(results({Verdict::pass, Verdict::fail, Verdict::unclear, Verdict::not_run, Verdict::pass}));
  EXPECT_EQ(all.passed, 2U);
  EXPECT_EQ(all.run, 4U);
  EXPECT_EQ(all.not_run, 1U);
  EXPECT_EQ(all.text(), "2 of 4, 1 not run");
  EXPECT_EQ(score(results({Verdict::pass})).text(), "1 of 1");
}

TEST(Verdict, OnlyPassesAreGood) {
  EXPECT_EQ(exit_status(results({Verdict::pass, Verdict::pass})), 0);
  EXPECT_EQ(exit_status(results({Verdict::pass, Verdict::not_run})), 0);
  EXPECT_EQ(exit_status(results({Verdict::pass, Verdict::fail})), 1);
  EXPECT_EQ(exit_status(results({Verdict::pass, Verdict::unclear})), 1);
}

TEST(Verdict, NothingThatWasRunIsNoProof) {
  EXPECT_EQ(exit_status({}), 1);
  EXPECT_EQ(exit_status(results({Verdict::not_run})), 1);
}

}  // namespace
}  // namespace symbolon::prove
