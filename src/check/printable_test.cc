#include "check/printable.h"

#include <gtest/gtest.h>

namespace symbolon::check {
namespace {

TEST(Printable, NothingReachesATerminalButPlainText) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (const char c : printable(all)) EXPECT_TRUE(c >= 0x20 && c <= 0x7e);
  EXPECT_EQ(printable("a\r\n\x1b[2J\"\\"), "a\\r\\n\\x1b[2J\\\"\\\\");
}

TEST(Printable, TextKeepsItsLettersAndLosesItsControls) {
  EXPECT_EQ(without_controls("M\xc3\xbcller\x1b[2J\n\x7f\xc2\x9b!"), "M\xc3\xbcller\\x1b[2J\\x0a\\x7f\\x9b!");
}

TEST(Printable, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(without_controls("M\xc3\xbcller", 7), "M\xc3\xbcller");
  EXPECT_EQ(without_controls("M\xc3\xbcller", 2), "M... (and 6 octets more)");
  EXPECT_EQ(without_controls(std::string(1000, 'a'), 1), "a... (and 999 octets more)");
}

}  // namespace
}  // namespace symbolon::check
