#include "config/text.h"

#include <fmt/format.h>

namespace symbolon::config {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

struct Sequence {
  std::size_t length;  // 0: malformed
  char32_t point;
};

Sequence decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {1, first};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {0, 0};
  char32_t point = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return {0, 0};
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {0, 0};
  return {length, point};
}

// YAML 1.2 §5.1 [1] c-printable, without the carriage return.
bool printable(char32_t c) {
  return c == '\t' || c == '\n' || (c >= 0x20 && c <= 0x7E) || c == 0x85 || (c >= 0xA0 && c != 0xFFFE && c != 0xFFFF);
}

std::string without_marks(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

}  // namespace

std::size_t printable_length(std::string_view text) {
  if (text.empty()) return 0;
  const Sequence sequence = decode(text);
  return printable(sequence.point) ? sequence.length : 0;
}

Result<std::string> clean_text(std::string_view text, const std::string& file) {
  if (text.size() > kLargestText) {
    return fail_at(file, Code::config_syntax, "the file is larger than {} octets", kLargestText);
  }
  std::string out = without_marks(text);
  const std::string_view all = out;
  Place place{file, 1, 1};
  bool indentation = true;
  for (std::size_t i = 0; i < all.size();) {
    const Sequence sequence = decode(all.substr(i));
    if (sequence.length == 0) return fail_at(place.text(), Code::config_syntax, "the file is not UTF-8 text");
    if (!printable(sequence.point)) {
      return fail_at(place.text(), Code::config_syntax, "the file holds the control character U+{:04X}",
                     static_cast<std::uint32_t>(sequence.point));
    }
    if (indentation && sequence.point == '\t') {
      return fail_at(place.text(), Code::config_syntax, "a tab is used as indentation; YAML takes blanks only");
    }
    i += sequence.length;
    if (sequence.point == '\n') {
      ++place.line;
      place.column = 1;
      indentation = true;
    } else {
      ++place.column;
      indentation = indentation && sequence.point == ' ';
    }
  }
  return out;
}

}  // namespace symbolon::config
