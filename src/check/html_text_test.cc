#include "check/html_text.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace symbolon::check {
namespace {

TEST(HtmlText, NothingOfItIsMarkup) {
  EXPECT_EQ(html_text("<script>alert('a' & \"b\")</script>"),
            "&lt;script&gt;alert(&#39;a&#39; &amp; &quot;b&quot;)&lt;/script&gt;");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string text = html_text(all + all, 10'000);
  EXPECT_TRUE(is_utf8(text));
  EXPECT_EQ(text.find_first_of("<>\"'"), std::string::npos);
  for (const char c : text) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
}

TEST(HtmlText, WhatTurnsTheDirectionIsShown) {
  EXPECT_EQ(html_text("a\xe2\x80\xae"
                      "b\xe2\x81\xa6"),
            "a\\u{202e}b\\u{2066}");
}

TEST(HtmlText, IsBounded) { EXPECT_LT(html_text(std::string(1'000'000, '<')).size(), 10'000U); }

TEST(HtmlSentence, BackquotesBecomeCode) {
  EXPECT_EQ(html_sentence("say `a` and `<b>`"), "say <code>a</code> and <code>&lt;b&gt;</code>");
  EXPECT_EQ(html_sentence("lone ` one"), "lone ` one");
  EXPECT_EQ(html_sentence("``"), "<code></code>");
  EXPECT_EQ(html_sentence(""), "");
}

}  // namespace
}  // namespace symbolon::check
