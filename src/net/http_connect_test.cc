#include "net/http_connect.h"

#include <gtest/gtest.h>

namespace symbolon::net {
namespace {

Endpoint to(std::string_view text) { return Endpoint::parse(text).value(); }

Code outcome(std::string_view text) {
  ConnectAnswer answer;
  const auto taken = answer.take(text);
  if (!taken) return taken.error().code;
  return answer.connected() ? Code::connection_ended : Code::not_found;
}

TEST(HttpConnect, AsksForHostAndPort) {
  EXPECT_EQ(connect_request(to("db.example:5432"), nullptr),
            "CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n");
  EXPECT_EQ(connect_request(to("[2001:db8::1]:443"), nullptr),
            "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n");
  // RFC 7617 §2: the example.
  const ProxyCredentials pair = ProxyCredentials::parse("Aladdin:open sesame").value();
  EXPECT_EQ(connect_request(to("a.example:1"), &pair),
            "CONNECT a.example:1 HTTP/1.1\r\nHost: a.example:1\r\n"
            "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

TEST(HttpConnect, WhatFollowsTheHeadIsTheServices) {
  const std::string head = "HTTP/1.1 200 Connection established\r\nProxy-agent: x\r\nContent-Length: 7\r\n\r\n";
  for (std::size_t first = 0; first <= head.size(); ++first) {
    ConnectAnswer answer;
    EXPECT_EQ(answer.take(std::string_view(head).substr(0, first)).value(), first);
    const std::string rest = head.substr(first) + "220 service ready\r\n\r\n";
    EXPECT_EQ(answer.take(rest).value(), head.size() - first);
    EXPECT_TRUE(answer.connected());
    EXPECT_EQ(answer.take(rest).value(), 0U);
  }
}

TEST(HttpConnect, InterimAnswersArePassedOver) {
  EXPECT_EQ(outcome("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 299\r\n\r\n"), Code::connection_ended);
  EXPECT_EQ(outcome("HTTP/1.1 100 Continue\r\n\r\n"), Code::not_found);
  EXPECT_EQ(outcome("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 503 no\r\n"), Code::proxy_refused);
}

TEST(HttpConnect, EveryRefusalHasItsCode) {
  EXPECT_EQ(outcome("HTTP/1.1 403 Forbidden\r\n"), Code::proxy_refused);
  EXPECT_EQ(outcome("HTTP/1.1 301 Elsewhere\r\n"), Code::proxy_refused);
  EXPECT_EQ(outcome("HTTP/1.1 401 Unauthorized\r\n"), Code::proxy_authentication);  // tinyproxy says it so
  EXPECT_EQ(outcome("HTTP/1.1 407 Proxy Authentication Required\r\n"), Code::proxy_authentication);
  for (const char* const strange : {"\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20\r\n",
                                    "HTTP/1.1 2000\r\n", "HTTP/1.1200 OK\r\n", "HTTP/1.x 200 OK\r\n"})
    EXPECT_EQ(outcome(strange), Code::proxy_malformed) << strange;
}

TEST(HttpConnect, TheHeadIsBounded) {
  const std::string start = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(outcome(start + std::string(kLongestConnectAnswer, 'x')), Code::proxy_malformed);
  EXPECT_EQ(outcome(std::string(kLongestConnectAnswer + 1, 'x')), Code::proxy_malformed);
  std::string endless;
  while (endless.size() < kLongestConnectAnswer) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(outcome(endless), Code::proxy_malformed);
}

}  // namespace
}  // namespace symbolon::net
