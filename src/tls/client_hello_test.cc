#include "tls/client_hello.h"

#include <gtest/gtest.h>

namespace symbolon::tls {
namespace {

// The extension's body as RFC 6066 §3 encodes it.
Bytes extension(std::string_view name, std::uint8_t type = 0) {
  Bytes out = {0, static_cast<std::uint8_t>(name.size() + 3), type, 0, static_cast<std::uint8_t>(name.size())};
  out.insert(out.end(), name.begin(), name.end());
  return out;
}

TEST(ServerName, IsReadInLowerCase) { EXPECT_EQ(parse_server_name(extension("App.Example")).value(), "app.example"); }

TEST(ServerName, AnAddressIsNone) {
  EXPECT_EQ(parse_server_name(extension("127.0.0.1")).value(), std::nullopt);
  EXPECT_EQ(parse_server_name(extension("::1")).value(), std::nullopt);
}

TEST(ServerName, EveryTruncationIsMalformed) {
  const Bytes whole = extension("app.example");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto name = parse_server_name(ByteView(whole).first(length));
    ASSERT_FALSE(name.has_value()) << length;
    EXPECT_EQ(name.error().code, Code::handshake_malformed);
  }
}

TEST(ServerName, TwoNamesAnEmptyOneOtherTypesAndNulAreMalformed) {
  Bytes two = extension("a.example");
  const Bytes second = extension("b.example");
  two.insert(two.end(), second.begin() + 2, second.end());
  two[1] = static_cast<std::uint8_t>(two.size() - 2);
  EXPECT_FALSE(parse_server_name(two).has_value());
  EXPECT_FALSE(parse_server_name(extension("")).has_value());
  EXPECT_FALSE(parse_server_name(extension("a.example", 1)).has_value());
  EXPECT_FALSE(parse_server_name(extension(std::string_view("a\0b", 3))).has_value());
  Bytes longer = extension("a.example");
  longer.push_back(0);
  EXPECT_FALSE(parse_server_name(longer).has_value());
}

}  // namespace
}  // namespace symbolon::tls
