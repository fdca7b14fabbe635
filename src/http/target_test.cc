#include "http/target.h"

#include <gtest/gtest.h>

namespace symbolon::http {
namespace {

TEST(Target, IsTakenApartAndDecoded) {
  const auto target = Target::parse("/v1/certificates/spiffe%3A%2F%2Ftd%2Fx?query=a+b%26c&limit=5&bare");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "certificates", "spiffe://td/x"}));
  EXPECT_EQ(target->parameter("query"), "a b&c");
  EXPECT_EQ(target->parameter("limit"), "5");
  EXPECT_EQ(target->parameter("bare"), "");
  EXPECT_FALSE(target->parameter("other"));
}

TEST(Target, TheRootHasNoSegments) {
  const auto target = Target::parse("/");
  ASSERT_TRUE(target);
  EXPECT_TRUE(target->segments.empty());
}

TEST(Target, RefusesWhatCouldBeReadTwoWays) {
  for (const char* text : {"", "v1", "//v1", "/v1//x", "/v1/", "/v1/../x", "/v1/./x", "/v1/%2e%2e/x", "/v1/%00",
                           "/v1/%zz", "/v1/%4", "/a b", "/v1?x=%00", "http://h/x"}) {
    EXPECT_FALSE(Target::parse(text)) << text;
  }
}

TEST(PercentEncode, GoesThereAndBack) {
  std::string all;
  for (int i = 1; i < 256; ++i) all.push_back(static_cast<char>(i));
  const auto target = Target::parse("/" + percent_encode(all) + "?q=" + percent_encode(all));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments.front(), all);
  EXPECT_EQ(target->parameter("q"), all);
}

}  // namespace
}  // namespace symbolon::http
