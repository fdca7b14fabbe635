// Which certificates are of which part is what anybody can say who knows their serials.
#include "authority/crl_part.h"

#include <gtest/gtest.h>

namespace symbolon::authority {
namespace {

x509::SerialNumber ending_in(int octet) { return x509::SerialNumber::parse(fmt::format("0a1b{:02x}", octet)).value(); }

TEST(CrlPart, EachSerialIsOfExactlyOneAndInItsRange) {
  for (std::uint16_t shards = 2; shards <= kMostShards; shards *= 2) {
    ASSERT_TRUE(is_shard_count(shards));
    for (int octet = 0; octet < 256; ++octet) {
      const CrlPart part = CrlPart::of(ending_in(octet), shards);
      int ranges = 0;
      for (std::uint16_t i = 0; i < shards; ++i) {
        const auto range = CrlPart{.shards = shards, .shard = i}.range();
        if (octet < range.first_octet || octet > range.last_octet) continue;
        ++ranges;
        EXPECT_EQ(part.shard, i);
      }
      EXPECT_EQ(ranges, 1) << octet << " of " << shards;
    }
  }
  EXPECT_EQ(CrlPart::of(x509::SerialNumber::parse("ff").value(), 16).shard, 15);
}

TEST(CrlPart, ItsNameSaysWhichOneItIs) {
  EXPECT_EQ(CrlPart{}.place("issuing"), "issuing.crl");
  EXPECT_EQ(CrlPart{.delta = true}.place("issuing"), "issuing/delta.crl");
  const CrlPart third{.shards = 16, .shard = 3};
  EXPECT_EQ(third.place("issuing"), "issuing/16-3.crl");
  EXPECT_EQ(CrlPart::from_file("16-3.crl"), third);
  EXPECT_EQ(CrlPart::from_file("delta.crl"), CrlPart{.delta = true});
  for (const std::string_view bad : {"", ".crl", "16-3", "16.crl", "16-16.crl", "3-1.crl", "016-3.crl", "16-03.crl",
                                     "16-3x.crl", "-1-3.crl", "16--3.crl", "512-3.crl", "65552-3.crl", "delta"}) {
    EXPECT_FALSE(CrlPart::from_file(bad)) << bad;
  }
  EXPECT_EQ(CrlPlaces{}.of(third, "issuing"), "");
  EXPECT_EQ(CrlPlaces{.url = "http://a.example"}.of(third, "issuing"), "http://a.example/issuing/16-3.crl");
}

TEST(CrlPart, OnlyPowersOfTwoDivideTheOctet) {
  for (const std::int64_t bad : {-2, 0, 1, 3, 100, 255, 257, 512}) EXPECT_FALSE(is_shard_count(bad)) << bad;
}

}  // namespace
}  // namespace symbolon::authority
