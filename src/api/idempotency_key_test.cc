#include "api/idempotency_key.h"

#include <gtest/gtest.h>

namespace symbolon::api {
namespace {

std::string parsed(std::string_view field) {
  const auto key = parse_idempotency_key(field);
  return key ? *key : fmt::format("({})", name(key.error().code));
}

TEST(IdempotencyKey, StandsInQuotesOrNot) {
  EXPECT_EQ(parsed("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""), "8e03978e-40d5-43dd-bc93-6894a57f9324");
  EXPECT_EQ(parsed("8e03978e-40d5-43dd-bc93-6894a57f9324"), "8e03978e-40d5-43dd-bc93-6894a57f9324");
  EXPECT_EQ(parsed(R"("a \" \\ b")"), R"(a " \ b)");
  EXPECT_EQ(parsed(std::string(255, 'x')), std::string(255, 'x'));
}

TEST(IdempotencyKey, IsOneKeyOfPrintableText) {
  for (const std::string_view field : {"", "\"", "\"\"", "\"a", "a\"", "\"a\"b\"", "\"a\\\"", "\"a\\b\"", "a b", "a,b",
                                       "a;b=1", "\"\xc3\xa4\"", "a\tb"}) {
    EXPECT_EQ(parsed(field), "(bad_request)") << field;
  }
  EXPECT_EQ(parsed(std::string(256, 'x')), "(bad_request)");
}

}  // namespace
}  // namespace symbolon::api
