#include "base/utf8.h"

#include <gtest/gtest.h>

namespace symbolon {
namespace {

TEST(Utf8, TakesWellFormedSequencesAlone) {
  for (const std::string_view good :
       {"", "a", "M\xc3\xbcller", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  // A lone continuation, cut ones, overlong forms, a surrogate, beyond U+10FFFF, octets that never occur.
  for (const std::string_view bad : {"\x80", "a\xc3", "\xe2\x82", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
                                     "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xfe", "\xff"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_EQ(first_character(bad.front() == 'a' ? bad.substr(1) : bad).octets, 0U);
  }
  EXPECT_EQ(first_character("\xf0\x9f\x94\x91x").point, U'\U0001F511');
}

TEST(Utf8, EscapesWhatWouldMislead) {
  const std::string_view bidi =
      "ab\xe2\x80\xae"
      "dc";  // U+202E
  EXPECT_EQ(escaped(bidi, LineBreaks::keep), "ab\\u{202e}dc");
  EXPECT_EQ(escaped("M\xc3\xbcller\x1b[2J\x7f\xc2\x9b\xff!", LineBreaks::keep),
            "M\xc3\xbcller\\x1b[2J\\x7f\\x9b\\xff!");
  EXPECT_EQ(escaped("a\nb", LineBreaks::keep), "a\nb");
  EXPECT_EQ(escaped("a\nb", LineBreaks::escape),
            "a\\x0a"
            "b");
  // Joiners are part of how Persian and many scripts of India are written.
  EXPECT_EQ(escaped("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae", LineBreaks::keep), "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae");
}

TEST(Utf8, WhateverIsEscapedIsWellFormed) {
  std::string all;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; second += 7) {
      all += static_cast<char>(first);
      all += static_cast<char>(second);
    }
  }
  const std::string shown = escaped(all, LineBreaks::escape);
  EXPECT_TRUE(is_utf8(shown));
  for (std::string_view rest = shown; !rest.empty(); rest.remove_prefix(first_character(rest).octets)) {
    EXPECT_FALSE(is_deceptive(first_character(rest).point));
  }
}

TEST(Utf8, KnowsBlanksOfEveryWidth) {
  for (const char32_t blank : {U' ', U'\u00a0', U'\u2003', U'\u3000'}) EXPECT_TRUE(is_blank(blank));
  EXPECT_FALSE(is_blank(U'a'));
}

}  // namespace
}  // namespace symbolon
