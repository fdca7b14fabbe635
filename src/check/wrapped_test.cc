#include "check/wrapped.h"

#include <gtest/gtest.h>

namespace symbolon::check {
namespace {

using Lines = std::vector<std::string>;

TEST(Wrapped, KeepsWordsWholeAndForgetsNothing) {
  EXPECT_EQ(wrapped("", 20), Lines{});
  EXPECT_EQ(wrapped("one two three", 80), Lines{"one two three"});
  EXPECT_EQ(wrapped("one two three four", 9), (Lines{"one two", "three", "four"}));
  EXPECT_EQ(wrapped("  one   two ", 9), Lines{"one two"});
}

TEST(Wrapped, BreaksLongWordsAtAGoodPlace) {
  EXPECT_EQ(wrapped("CN=a.example,O=Example", 14), (Lines{"CN=a.example,", "O=Example"}));
  EXPECT_EQ(wrapped("short aaaaaaaaaaaaaaaaaaaa", 10), (Lines{"short", "aaaaaaaaaa", "aaaaaaaaaa"}));
  EXPECT_EQ(wrapped("=aaaaaaaaaaaa", 10), (Lines{"=aaaaaaaaa", "aaa"}));  // not after the first character
}

TEST(Wrapped, CountsColumnsNotOctets) {
  EXPECT_EQ(columns("M\xc3\xbcller"), 6U);
  EXPECT_EQ(columns("\xe6\x9d\xb1\xe4\xba\xac"), 4U);
  EXPECT_EQ(columns("\xff\xfe"), 2U);
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\xe6\x9d\xb1";
  for (const std::string& line : wrapped(wide, 9)) {
    EXPECT_LE(columns(line), 9U);
    EXPECT_EQ(line.size() % 3, 0U) << "broken inside a character";
  }
}

TEST(Wrapped, EndsForEveryText) {
  for (std::size_t width : {0U, 1U, 8U, 80U}) {
    for (int octet = 0; octet < 256; ++octet) {
      const std::string text(200, static_cast<char>(octet));
      std::size_t size = 0;
      for (const std::string& line : wrapped(text, width)) size += line.size();
      EXPECT_EQ(size, octet == ' ' ? 0U : text.size()) << octet;
    }
  }
}

}  // namespace
}  // namespace symbolon::check
