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

}  // namespace
}  // namespace symbolon::check
