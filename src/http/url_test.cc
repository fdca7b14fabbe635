#include "http/url.h"

#include <gtest/gtest.h>

namespace symbolon::http {
namespace {

std::string parts_of(std::string_view text) {
  const auto url = parse_http_url(text);
  if (!url) return std::string(name(url.error().code));
  return fmt::format("{} | {} | {}", url->endpoint.text(), url->host, url->target);
}

TEST(HttpUrl, SaysWhereToConnectAndWhatToAskFor) {
  EXPECT_EQ(parts_of("http://ocsp.example"), "ocsp.example:80 | ocsp.example | /");
  EXPECT_EQ(parts_of("http://ocsp.example/"), "ocsp.example:80 | ocsp.example | /");
  EXPECT_EQ(parts_of("HTTP://OCSP.Example:8081/a/b?c=d%20e"), "ocsp.example:8081 | OCSP.Example:8081 | /a/b?c=d%20e");
  EXPECT_EQ(parts_of("http://127.0.0.1:8081/"), "127.0.0.1:8081 | 127.0.0.1:8081 | /");
  EXPECT_EQ(parts_of("http://[2001:db8::1]/x"), "[2001:db8::1]:80 | [2001:db8::1] | /x");
  EXPECT_EQ(parts_of("http://[::1]:82?q"), "[::1]:82 | [::1]:82 | /?q");
  EXPECT_EQ(parts_of("http://ocsp.example:/x"), "ocsp.example:80 | ocsp.example | /x");
}

TEST(HttpUrl, IsNothingElse) {
  for (const std::string_view text : {"",
                                      "ocsp.example",
                                      "//ocsp.example/",
                                      "/ocsp",
                                      "https://ocsp.example/",
                                      "ldap://ocsp.example/",
                                      "http:",
                                      "http:///x",
                                      "http://",
                                      "http://:80/",
                                      "http://user@ocsp.example/",
                                      "http://ocsp.example/#x",
                                      "http://ocsp.example:0/",
                                      "http://ocsp.example:99999/",
                                      "http://ocsp.example:8x/",
                                      "http://a b/",
                                      "http://ocsp.example/ x",
                                      "http://ocsp.example/\r\nHost: x",
                                      "http://unix:/run/x",
                                      "http://*/"})
    EXPECT_EQ(parts_of(text), "bad_request") << text;
  EXPECT_EQ(parts_of("http://a/" + std::string(4096, 'x')), "bad_request");
}

}  // namespace
}  // namespace symbolon::http
