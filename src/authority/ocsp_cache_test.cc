#include "authority/ocsp_cache.h"

#include <gtest/gtest.h>

namespace symbolon::authority {
namespace {

constexpr UnixSeconds kFrom{1'800'000'000};

OcspCache::Key key(int i) {
  return {.issuer = {1},
          .entry = {signer::OcspHash::sha1, x509::SerialNumber::parse(fmt::format("{:04x}", i + 1)).value()}};
}

std::shared_ptr<const OcspResponse> response() {
  return std::make_shared<const OcspResponse>(
      OcspResponse{.der = "der", .this_update = kFrom, .next_update = kFrom + kHour});
}

TEST(OcspCache, FindsWhatWasPutThere) {
  OcspCache cache(10);
  const auto one = response();
  cache.put(key(1), one);
  EXPECT_EQ(cache.find(key(1)), one);
  OcspCache::Key other = key(1);
  other.entry.hash = signer::OcspHash::sha256;
  EXPECT_EQ(cache.find(other), nullptr);
  other = key(1);
  other.issuer = {2};
  EXPECT_EQ(cache.find(other), nullptr);
  const auto newer = response();
  cache.put(key(1), newer);
  EXPECT_EQ(cache.find(key(1)), newer);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(OcspCache, IsBoundedAndKeepsWhatIsAskedFor) {
  constexpr std::size_t kMost = 100;
  OcspCache cache(kMost);
  for (int i = 0; i < 10'000; ++i) {
    cache.put(key(i), response());
    EXPECT_NE(cache.find(key(0)), nullptr) << i;
    EXPECT_LE(cache.size(), kMost + 1) << i;
  }
  EXPECT_NE(cache.find(key(9'999)), nullptr);
  EXPECT_EQ(cache.find(key(1)), nullptr);
}

TEST(OcspCache, WhatIsDueWasAskedForAndIsHalfOver) {
  OcspCache cache(100);
  for (int i = 0; i < 10; ++i) cache.put(key(i), response());
  for (int i = 0; i < 5; ++i) std::ignore = cache.find(key(i));
  const UnixSeconds half = kFrom + kMinute * 30;
  EXPECT_EQ(cache.due(half - Seconds{1}, 100).size(), 0U);
  EXPECT_EQ(cache.due(half, 100).size(), 5U);
  EXPECT_EQ(cache.due(half, 3).size(), 3U);
  cache.put(key(0), response());  // signed anew, and not asked for since
  EXPECT_EQ(cache.due(half, 100).size(), 4U);
}

// Whoever asks for all that is kept, again and again, does not make it grow.
TEST(OcspCache, IsBoundedWhateverIsAskedFor) {
  OcspCache cache(8);
  for (int i = 0; i < 100; ++i) {
    cache.put(key(i), response());
    for (int j = 0; j <= i; ++j) std::ignore = cache.find(key(j));
    EXPECT_LE(cache.size(), 10U);
  }
}

}  // namespace
}  // namespace symbolon::authority
