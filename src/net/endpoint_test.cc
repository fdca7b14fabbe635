#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace symbolon::net {
namespace {

using Kind = Endpoint::Kind;

Endpoint parsed(std::string_view text) {
  const auto endpoint = Endpoint::parse(text);
  EXPECT_TRUE(endpoint.has_value()) << text << ": " << (endpoint ? "" : endpoint.error().text());
  return endpoint.value_or(Endpoint{Kind::name, "failed", 1});
}

TEST(Endpoint, ReadsEveryFormOfTheManual) {
  EXPECT_EQ(parsed(":8443"), (Endpoint{Kind::any, "", 8443}));
  EXPECT_EQ(parsed("127.0.0.1:3000"), (Endpoint{Kind::address, "127.0.0.1", 3000}));
  EXPECT_EQ(parsed("[::1]:443"), (Endpoint{Kind::address, "::1", 443}));
  EXPECT_EQ(parsed("db.internal:5432"), (Endpoint{Kind::name, "db.internal", 5432}));
  EXPECT_EQ(parsed("unix:/run/app.sock"), (Endpoint{Kind::unix_path, "/run/app.sock", 0}));
}

TEST(Endpoint, WritesWhatItReads) {
  for (const char* text : {":0", ":65535", "0.0.0.0:1", "[2001:db8::1]:80", "app_1:80", "a.b.c.:80", "unix:x"})
    EXPECT_EQ(parsed(text).text(), text);
  EXPECT_EQ(parsed("[2001:0DB8:0:0:0:0:0:1]:0080").text(), "[2001:db8::1]:80");
  EXPECT_EQ(parsed("Web.Example:80").text(), "web.example:80");
}

TEST(Endpoint, RefusesWhatIsNotOneAndSaysWhatToWrite) {
  const std::string with_nul("a\0b:80", 6);
  const std::string address_with_nul("127.0.0.1\0x:80", 14);
  const std::string long_path = "unix:/" + std::string(108, 'a');
  const std::string long_label = std::string(64, 'a') + ":80";
  const std::string path_with_nul("unix:/a\0b", 9);
  for (const std::string_view text : {std::string_view(""),
                                      std::string_view("8443"),
                                      std::string_view("localhost"),
                                      std::string_view("::1:443"),
                                      std::string_view("[::1]"),
                                      std::string_view("[::1"),
                                      std::string_view("[127.0.0.1]:80"),
                                      std::string_view("host:"),
                                      std::string_view("host:http"),
                                      std::string_view("host:65536"),
                                      std::string_view("host:-1"),
                                      std::string_view("host:123456"),
                                      std::string_view("256.1.1.1:80"),
                                      std::string_view("1.2.3:80"),
                                      std::string_view("a..b:80"),
                                      std::string_view("-a:80"),
                                      std::string_view("a b:80"),
                                      std::string_view("http://a:80"),
                                      std::string_view("/run/app.sock"),
                                      std::string_view("unix:"),
                                      std::string_view("*:80"),
                                      std::string_view(with_nul),
                                      std::string_view(address_with_nul),
                                      std::string_view(long_path),
                                      std::string_view(long_label),
                                      std::string_view(path_with_nul)}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_FALSE(endpoint.has_value()) << text;
    EXPECT_EQ(endpoint.error().code, Code::bad_request);
    EXPECT_GT(endpoint.error().words.size(), 20U);
  }
}

TEST(Endpoint, IsLocalWhereNobodyElseCanConnect) {
  for (const char* const local : {"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "unix:/run/app.sock"})
    EXPECT_TRUE(Endpoint::parse(local)->is_local()) << local;
  for (const char* const open : {":1", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:127.0.0.1]:1", "localhost:1"})
    EXPECT_FALSE(Endpoint::parse(open)->is_local()) << open;
}

}  // namespace
}  // namespace symbolon::net
