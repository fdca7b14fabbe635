#include "ledger/text_scan.h"

#include <gtest/gtest.h>

#include <random>

namespace symbolon::ledger {
namespace {

TEST(TextScanTest, FindsWhatStringFindFinds) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string hay(random() % 80, ' ');
    for (char& c : hay) c = static_cast<char>('a' + random() % 3);
    std::string needle(1 + random() % 6, ' ');
    for (char& c : needle) c = static_cast<char>('a' + random() % 3);
    const std::size_t from = random() % (hay.size() + 1);
    ASSERT_EQ(find_text(hay, needle, from), hay.find(needle, from)) << hay << " / " << needle << " / " << from;
  }
}

TEST(TextScanTest, ANeedleLongerThanTheRestIsNotFound) {
  EXPECT_EQ(find_text("abc", "abcd", 0), std::string_view::npos);
  EXPECT_EQ(find_text("", "a", 0), std::string_view::npos);
}

TEST(TextScanTest, PatternsFitTheWholeText) {
  EXPECT_TRUE(fits_pattern("web-1.example.com", "web-\x01.example.com"));
  EXPECT_TRUE(fits_pattern("anything", "\x01"));
  EXPECT_TRUE(fits_pattern("", "\x01\x01"));
  EXPECT_TRUE(fits_pattern("aXbXc",
                           "a\x01X\x01"
                           "c"));
  EXPECT_FALSE(fits_pattern("web-1.example.com.evil", "web-\x01.example.com"));
  EXPECT_FALSE(fits_pattern("web", "we"));
  EXPECT_FALSE(fits_pattern("", "a"));
}

TEST(TextScanTest, TheLongestLiteralOfAPattern) {
  EXPECT_EQ(longest_literal("ab\x01"
                            "cde\x01"
                            "f"),
            "cde");
  EXPECT_EQ(longest_literal("\x01"), "");
  EXPECT_EQ(longest_literal("whole"), "whole");
}

}  // namespace
}  // namespace symbolon::ledger
