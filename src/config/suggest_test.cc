#include "config/suggest.h"

#include <gtest/gtest.h>

namespace symbolon::config {
namespace {

TEST(Suggest, DistanceCountsEditsAndSwaps) {
  EXPECT_EQ(distance("", ""), 0U);
  EXPECT_EQ(distance("verify", "verify"), 0U);
  EXPECT_EQ(distance("verfy", "verify"), 1U);
  EXPECT_EQ(distance("vreify", "verify"), 1U);
  EXPECT_EQ(distance("", "abc"), 3U);
  EXPECT_EQ(distance("kitten", "sitting"), 3U);
  EXPECT_EQ(distance("ca", "abc"), 3U);  // optimal string alignment
  EXPECT_EQ(distance("default-route", "default_route"), 0U);
}

TEST(Suggest, DistanceIsSymmetric) {
  for (const std::string a : {"listen", "silent", "name", ""}) {
    for (const std::string b : {"lsiten", "names", "x", "certificate"}) EXPECT_EQ(distance(a, b), distance(b, a));
  }
}

TEST(Suggest, NamesTheNearestOnly) {
  const std::vector<std::string> keys{"name", "listen", "certificate", "clients", "to"};
  EXPECT_EQ(nearest("lisen", keys), "listen");
  EXPECT_EQ(nearest("certifcate", keys), "certificate");
  EXPECT_EQ(nearest("client", keys), "clients");
  EXPECT_EQ(nearest("zebra", keys), std::nullopt);
  EXPECT_EQ(nearest("", keys), std::nullopt);
  EXPECT_EQ(nearest("xx", keys), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'a'), keys), std::nullopt);
}

}  // namespace
}  // namespace symbolon::config
