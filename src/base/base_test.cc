#include <gtest/gtest.h>
#include "base/bytes.h"
TEST(Bytes, Hex) { EXPECT_EQ(symbolon::to_hex(symbolon::Bytes{1, 0xab}), "01ab"); }
