#include "check/ladder_svg.h"

#include <gtest/gtest.h>

namespace symbolon::check {
namespace {

Rung rung(RungKind kind, std::string name, std::string detail = {}) {
  Rung out;
  out.kind = kind;
  out.name = std::move(name);
  out.detail = std::move(detail);
  out.at = std::chrono::microseconds(1500);
  return out;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

TEST(LadderSvg, HasAnArrowForEachMessageAndSaysItInWords) {
  const std::string svg =
      ladder_svg({rung(RungKind::message, "ClientHello"), rung(RungKind::alert, "alert x (1)", "fatal"),
                  rung(RungKind::omitted, "and 3 more"), rung(RungKind::end, "silence")});
  EXPECT_EQ(count(svg, "marker-end="), 2U) << svg;
  EXPECT_EQ(count(svg, "<g class=\"alert\">"), 1U);
  EXPECT_NE(svg.find("The client sends ClientHello after 1.5 ms."), std::string::npos) << svg;
  EXPECT_EQ(count(svg, "<g "), count(svg, "</g>"));
  EXPECT_EQ(count(svg, "<text "), count(svg, "</text>"));
}

TEST(LadderSvg, StaysAPictureWhateverItIsGiven) {
  const std::string evil = "</svg><script>alert(1)</script>\xe2\x80\xae\x1b[2J\"'" + std::string(100'000, '<');
  const std::string svg = ladder_svg({rung(RungKind::message, evil, evil), rung(RungKind::end, evil, evil)});
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(count(svg, "</svg>"), 1U);
  EXPECT_EQ(svg.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_EQ(svg.find('\x1b'), std::string::npos);
  EXPECT_NE(ladder_svg({}).find("</svg>"), std::string::npos);
}

}  // namespace
}  // namespace symbolon::check
