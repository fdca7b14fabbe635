#include "check/wrapped.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/utf8.h"

namespace symbolon::check {
namespace {

constexpr std::size_t kNarrowest = 8;
constexpr std::string_view kBreaksBehind = ",;:/.=@_-";

// UAX #11, in ranges that hold some narrow ones too: a line may be shorter, never longer.
bool is_wide(char32_t point) {
  constexpr std::pair<char32_t, char32_t> kWide[] = {
      {0x1100, 0x115F},   {0x231A, 0x231B},  {0x23E9, 0x23F3},   {0x2600, 0x27BF},   {0x2B1B, 0x2B55},
      {0x2E80, 0xA4CF},   {0xA960, 0xA97F},  {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE6F},
      {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x16FE0, 0x18DFF}, {0x1AFF0, 0x1B2FF}, {0x1D300, 0x1D37F},
      {0x1F000, 0x1FAFF}, {0x20000, 0x3FFFD}};
  return std::any_of(std::begin(kWide), std::end(kWide),
                     [point](const auto& range) { return point >= range.first && point <= range.second; });
}

// Octets and columns of the first character; what is no UTF-8 counts by octets.
std::pair<std::size_t, std::size_t> first_of(std::string_view text) {
  const Utf8Character character = first_character(text);
  if (character.octets == 0) return {1, 1};
  return {character.octets, is_wide(character.point) ? 2 : 1};
}

// The longest beginning of a long word that fits, ended at a good place.
std::size_t piece_of(std::string_view word, std::size_t width) {
  std::size_t octets = 0;
  std::size_t good = 0;
  std::size_t used = 0;
  while (octets < word.size()) {
    const auto [length, wide] = first_of(word.substr(octets));
    if (used + wide > width) break;
    used += wide;
    octets += length;
    const bool breaks = kBreaksBehind.find(word[octets - 1]) != std::string_view::npos;
    if (breaks && used > width / 2) good = octets;
  }
  return good > 0 ? good : octets;
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t out = 0;
  while (!text.empty()) {
    const auto [octets, wide] = first_of(text);
    out += wide;
    text.remove_prefix(octets);
  }
  return out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  width = std::max(width, kNarrowest);
  std::vector<std::string> lines;
  std::size_t used = 0;  // columns of the last line
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    if (word.empty()) continue;
    std::size_t size = columns(word);
    if (!lines.empty() && used + 1 + size <= width) {
      (lines.back() += ' ') += word;
      used += 1 + size;
      continue;
    }
    while (size > width) {
      const std::size_t piece = piece_of(word, width);
      lines.emplace_back(word.substr(0, piece));
      word.remove_prefix(piece);
      size = columns(word);
    }
    lines.emplace_back(word);
    used = size;
  }
  return lines;
}

}  // namespace symbolon::check
