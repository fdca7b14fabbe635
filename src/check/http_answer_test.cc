#include "check/http_answer.h"

#include <gtest/gtest.h>

namespace symbolon::check {
namespace {

TEST(HttpAnswer, HasStatusAndDate) {
  const auto answer = read_http_answer(
      "HTTP/1.1 403 Forbidden\r\nServer: x\r\nDATE: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nDate: Sun, 06 Nov 1990 "
      "08:49:37 GMT\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->line, "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(answer->date, UnixSeconds{784111777});
}

TEST(HttpAnswer, IsTotal) {
  EXPECT_FALSE(read_http_answer(""));
  EXPECT_FALSE(read_http_answer("hello"));
  const std::string whole = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
  for (std::size_t size = 5; size < whole.size(); ++size) EXPECT_TRUE(read_http_answer(whole.substr(0, size))) << size;
  EXPECT_EQ(read_http_answer("HTTP/1.1 abc")->status, 0);
  EXPECT_FALSE(read_http_answer("HTTP/1.1 200 OK\r\nDate: yesterday\r\n\r\n")->date);
  EXPECT_EQ(read_http_answer("HTTP/1.1 2\x01 x\r\n")->line, "HTTP/1.1 2\\x01 x");
}

}  // namespace
}  // namespace symbolon::check
