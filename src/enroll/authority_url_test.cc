#include "enroll/authority_url.h"

#include <gtest/gtest.h>

namespace symbolon::enroll {
namespace {

std::string parsed(std::string_view url) {
  const auto endpoint = parse_authority_url(url);
  return endpoint ? endpoint->text() : std::string(name(endpoint.error().code));
}

TEST(AuthorityUrl, NamesAHostAndAPort) {
  EXPECT_EQ(parsed("https://ca.example.internal:8440"), "ca.example.internal:8440");
  EXPECT_EQ(parsed("https://CA.example.internal"), "ca.example.internal:443");
  EXPECT_EQ(parsed("https://ca.example.internal:8440/"), "ca.example.internal:8440");
  EXPECT_EQ(parsed("https://192.0.2.7"), "192.0.2.7:443");
  EXPECT_EQ(parsed("https://[2001:db8::1]"), "[2001:db8::1]:443");
  EXPECT_EQ(parsed("https://[2001:db8::1]:8440"), "[2001:db8::1]:8440");
  EXPECT_EQ(parsed("unix:/run/authority.sock"), "unix:/run/authority.sock");
}

TEST(AuthorityUrl, IsNothingElse) {
  for (const std::string_view url :
       {"", "https://", "https:///", "https://:8440", "https://ca:0", "https://ca:70000", "http://ca:8440", "ca:8440",
        "https://ann@ca:8440", "https://ca:8440/v1", "https://ca:8440?x", "https://unix:8440", "ftp://ca",
        "https://ca:", "https://2001:db8::1", "https://[2001:db8::1", "unix:", "HTTPS://ca"}) {
    EXPECT_EQ(parsed(url), "bad_request") << url;
  }
  EXPECT_EQ(parsed("https://" + std::string(600, 'a')), "bad_request");
}

}  // namespace
}  // namespace symbolon::enroll
