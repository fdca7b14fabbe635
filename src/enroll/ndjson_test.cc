#include "enroll/ndjson.h"

#include <gtest/gtest.h>

namespace symbolon::enroll {
namespace {

TEST(LineReader, ReportsEachLineOnceHoweverItComes) {
  const std::string whole =
      "{\"progress\":{\"done\":1,\"of\":3}}\n{\"progress\":{\"done\":2,\"of\":3}}\n{\"result\":{\"x\":\"a\\nb\"}}\n";
  std::vector<std::int64_t> seen;
  LineReader lines([&seen](const api::Progress& progress) { seen.push_back(progress.done); });
  for (std::size_t i = 0; i <= whole.size(); ++i) lines.see(std::string_view(whole).substr(0, i));
  const auto result = lines.finish(whole);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "{\"x\":\"a\\nb\"}");
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2}));
}

TEST(LineReader, AProblemKeepsItsCode) {
  LineReader lines({});
  const auto result = lines.finish("{\"problem\":{\"code\":\"audit_broken\",\"detail\":\"entry 3\"}}\n");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::audit_broken);
}

TEST(LineReader, AnAnswerThatWasCutIsNoResult) {
  for (const char* text : {"", "{\"result\":{}}", "{\"progress\":{\"done\":1,\"of\":3}}\n", "{\"result\":{}", "\n",
                           "{}\n", "{\"result\":{},\"problem\":{}}\n", "{\"problem\":{}}\n"}) {
    LineReader lines({});
    EXPECT_FALSE(lines.finish(text)) << text;
  }
}

}  // namespace
}  // namespace symbolon::enroll
