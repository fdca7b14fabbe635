#include "base/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace symbolon {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

struct Range {
  char32_t first;
  char32_t last;
};

constexpr Range kDeceptive[] = {{0x00, 0x1F},      {0x7F, 0x9F},                        // controls
                                {0x061C, 0x061C},  {0x200E, 0x200F}, {0x202A, 0x202E},  // direction
                                {0x2066, 0x2069},                                       //
                                {0x00AD, 0x00AD},  {0x180E, 0x180E}, {0x200B, 0x200B},  // unseen
                                {0x2060, 0x2065},  {0x206A, 0x206F}, {0xFEFF, 0xFEFF},  //
                                {0x2028, 0x2029},                                       // separators
                                {0xFFF9, 0xFFFB},  {0xFDD0, 0xFDEF},                    // annotation, noncharacters
                                {0xE0000, 0xE007F}};                                    // tags

constexpr Range kBlank[] = {{0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                            {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], char32_t point) {
  return std::ranges::any_of(ranges, [point](const Range& each) { return point >= each.first && point <= each.last; });
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  if (text.empty()) return {};
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {1, first};
  const std::size_t octets = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < octets) return {};
  char32_t point = first & (0xFFU >> (octets + 1));
  for (std::size_t i = 1; i < octets; ++i) {
    if (!continues(text[i])) return {};
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (octets == 3 && point < 0x800) || (octets == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
  return {octets, point};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.octets == 0) return false;
    text.remove_prefix(character.octets);
  }
  return true;
}

bool is_deceptive(char32_t point) { return is_in(kDeceptive, point) || (point & 0xFFFEU) == 0xFFFE; }

bool is_blank(char32_t point) { return is_in(kBlank, point); }

std::string escaped(std::string_view text, LineBreaks line_breaks) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    const bool kept = character.point == '\n' && line_breaks == LineBreaks::keep;
    if (character.octets == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (is_deceptive(character.point) && !kept) {
      const auto number = static_cast<std::uint32_t>(character.point);
      out += number < 0x100 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{{{:x}}}", number);
    } else {
      out += text.substr(0, character.octets);
    }
    text.remove_prefix(std::max<std::size_t>(character.octets, 1));
  }
  return out;
}

}  // namespace symbolon
