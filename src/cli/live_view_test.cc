#include "cli/live_view.h"

#include <gtest/gtest.h>

namespace symbolon::cli {
namespace {

TEST(CutToWidth, CountsCharactersAndNeverCutsASequence) {
  EXPECT_EQ(cut_to_width("hello", 10), "hello");
  EXPECT_EQ(cut_to_width("hello", 3), "hel");
  EXPECT_EQ(cut_to_width("wéb and more", 3), "wéb");
  EXPECT_EQ(cut_to_width("\x1b[31mred\x1b[0m end", 3), "\x1b[31mred\x1b[0m");
  EXPECT_EQ(cut_to_width("", 3), "");
  EXPECT_EQ(cut_to_width("abc", 0), "");
  EXPECT_EQ(cut_to_width("\x1b[31", 3), "\x1b[31");  // a sequence that does not end
}

}  // namespace
}  // namespace symbolon::cli
