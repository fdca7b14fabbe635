#include "net/socks5.h"

#include <gtest/gtest.h>

namespace symbolon::net {
namespace {

Endpoint to(std::string_view text) { return Endpoint::parse(text).value(); }
ProxyCredentials credentials() { return ProxyCredentials::parse("user:secret\n").value(); }
Bytes octets(std::string_view hex) { return from_hex(hex).value(); }

Code refusal(Socks5Client& client, std::string_view hex) {
  const Status taken = client.take(octets(hex));
  return taken ? Code::connection_ended : taken.error().code;
}

TEST(Socks5, ConnectsByNameAndLeavesTheServicesOctetsAlone) {
  Socks5Client client(to("db.example:5432"), nullptr);
  EXPECT_EQ(client.take_output(), octets("05 01 00"));
  EXPECT_EQ(client.wants(), 2U);
  ASSERT_TRUE(client.take(octets("05 00")));
  EXPECT_EQ(client.take_output(), octets("05 01 00 03 0a 64622e6578616d706c65 1538"));
  ASSERT_EQ(client.wants(), 5U);
  ASSERT_TRUE(client.take(octets("05 00 00 01 7f")));
  ASSERT_EQ(client.wants(), 5U);
  ASSERT_TRUE(client.take(octets("00 00 01 1538")));
  EXPECT_EQ(client.wants(), 0U);
  EXPECT_TRUE(client.take_output().empty());
}

TEST(Socks5, WritesAddressesAsTheyAre) {
  Socks5Client v4(to("192.0.2.1:443"), nullptr);
  ASSERT_TRUE(v4.take(octets("05 00")));
  EXPECT_EQ(v4.take_output(), octets("05 01 00 01 c0000201 01bb"));
  Socks5Client v6(to("[2001:db8::1]:443"), nullptr);
  ASSERT_TRUE(v6.take(octets("05 00")));
  EXPECT_EQ(v6.take_output(), octets("05 01 00 04 20010db8000000000000000000000001 01bb"));
}

TEST(Socks5, GivesUserAndPasswordWhenAsked) {
  const ProxyCredentials pair = credentials();
  Socks5Client client(to("a.example:1"), &pair);
  EXPECT_EQ(client.take_output(), octets("05 02 00 02"));
  ASSERT_TRUE(client.take(octets("05 02")));
  EXPECT_EQ(client.take_output(), octets("01 04 75736572 06 736563726574"));
  EXPECT_EQ(client.wants(), 2U);
  ASSERT_TRUE(client.take(octets("01 00")));
  EXPECT_FALSE(client.take_output().empty());
}

TEST(Socks5, EveryRefusalHasItsCode) {
  const ProxyCredentials pair = credentials();
  Socks5Client none(to("a.example:1"), nullptr);
  EXPECT_EQ(refusal(none, "05 ff"), Code::proxy_authentication);
  Socks5Client unasked(to("a.example:1"), nullptr);
  EXPECT_EQ(refusal(unasked, "05 02"), Code::proxy_malformed);
  Socks5Client old(to("a.example:1"), nullptr);
  EXPECT_EQ(refusal(old, "04 00"), Code::proxy_malformed);
  Socks5Client wrong(to("a.example:1"), &pair);
  ASSERT_TRUE(wrong.take(octets("05 02")));
  EXPECT_EQ(refusal(wrong, "01 01"), Code::proxy_authentication);
  Socks5Client ruled(to("a.example:1"), nullptr);
  ASSERT_TRUE(ruled.take(octets("05 00")));
  EXPECT_EQ(refusal(ruled, "05 02 00 01 00"), Code::proxy_refused);
  Socks5Client strange(to("a.example:1"), nullptr);
  ASSERT_TRUE(strange.take(octets("05 00")));
  EXPECT_EQ(refusal(strange, "05 00 00 07 00"), Code::proxy_malformed);
}

// Whatever kind of address the reply holds, exactly its octets are read.
TEST(Socks5, ReadsEveryKindOfBoundAddress) {
  for (const auto& [head, rest] :
       {std::pair{"05 00 00 04 20", 17U}, std::pair{"05 00 00 03 00", 2U}, std::pair{"05 00 00 03 ff", 257U}}) {
    Socks5Client client(to("a.example:1"), nullptr);
    ASSERT_TRUE(client.take(octets("05 00")));
    ASSERT_TRUE(client.take(octets(head)));
    EXPECT_EQ(client.wants(), rest);
    ASSERT_TRUE(client.take(Bytes(rest)));
    EXPECT_EQ(client.wants(), 0U);
  }
}

TEST(ProxyCredentials, AreOneLineWithAColon) {
  const auto pair = ProxyCredentials::parse("user:pass:word\r\n");
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->user(), "user");
  EXPECT_EQ(pair->password(), "pass:word");
  for (const std::string& bad : {std::string("user"), std::string(":word"), std::string("user:"), std::string("u\n:p"),
                                 "u:" + std::string(256, 'x')})
    EXPECT_FALSE(ProxyCredentials::parse(bad)) << bad;
}

}  // namespace
}  // namespace symbolon::net
