#include "config/same_section.h"

#include <gtest/gtest.h>

namespace symbolon::config {
namespace {

constexpr std::string_view kText = "state: s\nauthority:\n  name: a\n  rights: {issuer: [{cn: ops}]}\n";

TEST(SameSection, PlacesAndCommentsDoNotCount) {
  EXPECT_TRUE(same_section(
      "authority", kText, "# more\n\nauthority: # here\n    name: a\n    rights:\n      issuer:\n        - cn: ops\n"));
}

TEST(SameSection, WordsShapeAndOrderDo) {
  EXPECT_FALSE(same_section("authority", kText, "authority:\n  name: b\n  rights: {issuer: [{cn: ops}]}\n"));
  EXPECT_FALSE(same_section("authority", kText, "authority:\n  name: a\n  rights: {issuer: [cn: ops, cn: x]}\n"));
  EXPECT_FALSE(same_section("authority", kText, "authority:\n  name: a\n"));
  EXPECT_FALSE(same_section("authority", "authority: {two_persons: true}", "authority: {two_persons: 'true'}"));
}

TEST(SameSection, WhatIsNotThereIsOnlyTheSameAsThat) {
  EXPECT_TRUE(same_section("metrics", kText, "authority: {}"));
  EXPECT_FALSE(same_section("metrics", kText, "metrics: {}"));
  EXPECT_FALSE(same_section("authority", kText, ""));
  EXPECT_TRUE(same_section("authority", "[", "\t"));
}

}  // namespace
}  // namespace symbolon::config
