#include "base/bytes.h"

#include <gtest/gtest.h>

namespace symbolon {
namespace {

TEST(Hex, IsReadAsItIsWritten) {
  const Bytes octets{0x00, 0x0a, 0xff};
  EXPECT_EQ(to_hex(octets), "000aff");
  EXPECT_EQ(to_colon_hex(octets), "00:0A:FF");
  EXPECT_EQ(*from_hex("000aff"), octets);
  EXPECT_EQ(*from_hex("00:0A:FF"), octets);
}

TEST(Hex, RefusesHalvesAndStrangers) {
  EXPECT_EQ(from_hex("0").error().code, Code::bad_request);
  EXPECT_EQ(from_hex("0g").error().code, Code::bad_request);
  EXPECT_EQ(from_hex("0:1").error().code, Code::bad_request);
}

// RFC 4648 §10.
TEST(Base64, KnowsTheVectorsOfTheStandard) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    const auto decoded = from_base64(coded);
    ASSERT_TRUE(decoded) << coded;
    EXPECT_EQ(as_text(*decoded), plain);
  }
  EXPECT_EQ(to_base64url(Bytes{0xfb, 0xff}), "-_8");
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const std::string_view text : {"Zg=", "Zg", "Z", "Zh==", "Zm9=", "Zg==Zg==", "Zm*v", "===="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(ConstantTimeComparison, ComparesContentAndLength) {
  EXPECT_TRUE(equal_in_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("ab")));
}

}  // namespace
}  // namespace symbolon
