// A delta CRL adds to the oldest full one that somebody may still have.
#include "authority/delta_bases.h"

#include <gtest/gtest.h>

namespace symbolon::authority {
namespace {

constexpr UnixSeconds kNow{1'800'000'000};

Crl full(std::uint64_t number, UnixSeconds at) {
  return {.issuer = "issuing",
          .der = {},
          .number = number,
          .this_update = at,
          .next_update = at + kDay * 7,
          .revocations = number * 10};
}

TEST(DeltaBases, TheOldestThatHasNotEndedIsTheBase) {
  DeltaBases bases;
  EXPECT_FALSE(bases.oldest(kNow));
  for (int day = 0; day < 7; ++day) bases.add(full(static_cast<std::uint64_t>(day + 1), kNow + kDay * day));
  EXPECT_EQ(bases.oldest(kNow + kDay * 6)->number, 1U);
  EXPECT_EQ(bases.oldest(kNow + kDay * 6)->revocations, 10U);
  EXPECT_EQ(bases.oldest(kNow + kDay * 7)->number, 2U) << "nobody goes by one that has ended";
  EXPECT_EQ(bases.oldest(kNow + kDay * 10)->number, 5U);
  EXPECT_FALSE(bases.oldest(kNow + kDay * 30));
}

TEST(DeltaBases, ManyInAShortTimeAreNotAllKept) {
  DeltaBases bases;
  bases.add(full(1, kNow));
  for (std::uint64_t i = 2; i < 1000; ++i) bases.add(full(i, kNow + Seconds{static_cast<std::int64_t>(i)}));
  bases.add(full(1000, kNow + kDay));
  EXPECT_EQ(bases.oldest(kNow + kDay * 7)->number, 1000U);
  bases.clear();
  EXPECT_FALSE(bases.oldest(kNow));
}

}  // namespace
}  // namespace symbolon::authority
