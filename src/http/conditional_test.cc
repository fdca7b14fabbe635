#include "http/conditional.h"

#include <gtest/gtest.h>

namespace symbolon::http {
namespace {

constexpr std::string_view kTag = "\"a1\"";
constexpr std::string_view kDate = "Fri, 27 Nov 2026 06:00:00 GMT";

bool has(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  Headers asked;
  for (const auto& [name, value] : fields) asked.add(std::string(name), std::string(value));
  return has_it(asked, kTag, kDate);
}

TEST(Conditional, KnowsWhoHasTheNewestByItsTag) {
  EXPECT_FALSE(has({}));
  for (const std::string_view tags : {"\"a1\"", "W/\"a1\"", "\"b\", \"a1\"", "\"a1\" , \"b\"", "*"})
    EXPECT_TRUE(has({{"If-None-Match", tags}})) << tags;
  for (const std::string_view tags : {"", "a1", "\"a\"", "\"a1", "\"a11\"", "\"b\", \"c\""})
    EXPECT_FALSE(has({{"If-None-Match", tags}})) << tags;
}

TEST(Conditional, KnowsItByTheDateThatWasSaid) {
  EXPECT_TRUE(has({{"If-Modified-Since", kDate}}));
  EXPECT_FALSE(has({{"If-Modified-Since", "Fri, 27 Nov 2026 06:00:01 GMT"}}));
  EXPECT_FALSE(has({{"If-Modified-Since", "Fri, 27 Nov 2026 05:59:59 GMT"}}));
  EXPECT_FALSE(has({{"If-Modified-Since", ""}}));
}

// RFC 9110 §13.1.3: "A recipient MUST ignore If-Modified-Since if the request contains an If-None-Match".
TEST(Conditional, TheTagGoesBeforeTheDate) {
  EXPECT_FALSE(has({{"If-None-Match", "\"b\""}, {"If-Modified-Since", kDate}}));
  EXPECT_TRUE(has({{"If-None-Match", kTag}, {"If-Modified-Since", "Fri, 27 Nov 2026 06:00:01 GMT"}}));
}

}  // namespace
}  // namespace symbolon::http
