#include "check/code_list.h"

#include <gtest/gtest.h>

#include <set>

namespace symbolon::check {
namespace {

TEST(CodeList, HoldsEachCodeOnceWithItsSide) {
  std::set<Code> seen;
  for (const ListedCode& one : listed_codes()) {
    EXPECT_TRUE(seen.insert(one.code).second) << name(one.code);
    EXPECT_TRUE(one.in_files || !one.sides.empty()) << name(one.code);
  }
}

}  // namespace
}  // namespace symbolon::check
