#include "tls/server_hello.h"

#include <gtest/gtest.h>

namespace symbolon::tls {
namespace {

Bytes hello(std::uint8_t low, const Bytes& extensions) {
  Bytes out{2, 0, 0, 0, 3, low};
  out.insert(out.end(), 32, 0xaa);
  out.insert(out.end(), {2, 1, 2, 0x13, 0x01, 0});
  if (extensions.empty()) return out;
  out.insert(out.end(), {0, static_cast<std::uint8_t>(extensions.size())});
  out.insert(out.end(), extensions.begin(), extensions.end());
  return out;
}

TEST(ServerHello, OfAnOldVersionSaysItByItsLegacyVersion) {
  EXPECT_EQ(server_hello_version(hello(1, {})), 0x0301);
  EXPECT_EQ(server_hello_version(hello(2, {0xff, 1, 0, 1, 0})), 0x0302);
  EXPECT_EQ(server_hello_version(hello(3, {0xff, 1, 0, 1, 0})), 0x0303);
}

TEST(ServerHello, OfTls13SaysItBySupportedVersions) {
  EXPECT_EQ(server_hello_version(hello(3, {0, 51, 0, 1, 9, 0, 43, 0, 2, 3, 4})), 0x0304);
}

TEST(ServerHello, ThatBreaksOffSaysWhatItCan) {
  const Bytes whole = hello(3, {0, 51, 0, 1, 9, 0, 43, 0, 2, 3, 4});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto version = server_hello_version(ByteView(whole).first(size));
    EXPECT_EQ(version, size < 6 ? std::optional<std::uint16_t>() : 0x0303) << size;
  }
}

TEST(VersionText, IsThatOfTheLibrary) {
  EXPECT_EQ(version_text(0x0304), "TLSv1.3");
  EXPECT_EQ(version_text(0x0301), "TLSv1");
  EXPECT_EQ(version_text(0x7f1c), "0x7f1c");
}

}  // namespace
}  // namespace symbolon::tls
