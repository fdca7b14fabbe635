#include "ledger/text_scan.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "ledger/query.h"

namespace symbolon::ledger {
namespace {

// Sixteen octets at once, in whatever vector instructions the machine has (GCC and Clang).
using Lanes = std::uint8_t __attribute__((vector_size(16)));
using Words = std::uint64_t __attribute__((vector_size(16)));

Lanes load(const char* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}
Lanes everywhere(char c) { return Lanes{} + static_cast<std::uint8_t>(c); }

}  // namespace

std::size_t find_text(std::string_view haystack, std::string_view needle, std::size_t from) {
  // Where first, middle and last octet of the needle stand at their distances, the whole is compared.
  const std::size_t middle = needle.size() / 2;
  const std::size_t last = needle.size() - 1;
  const Lanes first_lanes = everywhere(needle.front());
  const Lanes middle_lanes = everywhere(needle[middle]);
  const Lanes last_lanes = everywhere(needle.back());
  std::size_t at = from;
  for (; at + last + sizeof(Lanes) <= haystack.size(); at += sizeof(Lanes)) {
    const char* const here = haystack.data() + at;
    const auto equal = static_cast<Words>((load(here) == first_lanes) & (load(here + middle) == middle_lanes) &
                                          (load(here + last) == last_lanes));
    if ((equal[0] | equal[1]) == 0) [[likely]]
      continue;
    for (std::size_t half = 0; half < 2; ++half) {
      // Octets of 0xff where the lanes agreed, the first of them lowest.
      std::uint64_t lanes = std::endian::native == std::endian::little ? equal[half] : __builtin_bswap64(equal[half]);
      while (lanes != 0) {
        const auto lane = static_cast<std::size_t>(std::countr_zero(lanes)) / 8;
        const std::size_t found = at + half * sizeof lanes + lane;
        if (std::memcmp(haystack.data() + found, needle.data(), needle.size()) == 0) return found;
        lanes &= ~(0xffULL << (lane * 8));
      }
    }
  }
  return haystack.find(needle, at);
}

bool fits_pattern(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;  // the last `*` met, and the text that it has taken up to
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == kAnyRun) {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == kAnyRun) ++p;
  return p == pattern.size();
}

std::string_view longest_literal(std::string_view pattern) {
  std::string_view longest;
  while (!pattern.empty()) {
    const std::size_t end = std::min(pattern.find(kAnyRun), pattern.size());
    if (end > longest.size()) longest = pattern.substr(0, end);
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return longest;
}

}  // namespace symbolon::ledger
