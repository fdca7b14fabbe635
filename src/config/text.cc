#include "config/text.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace symbolon::config {
namespace {

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
  const Utf8Character character = first_character(text);
  return printable(character.point) ? character.octets : 0;
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
    const Utf8Character character = first_character(all.substr(i));
    if (character.octets == 0) return fail_at(place.text(), Code::config_syntax, "the file is not UTF-8 text");
    if (!printable(character.point)) {
      return fail_at(place.text(), Code::config_syntax, "the file holds the control character U+{:04X}",
                     static_cast<std::uint32_t>(character.point));
    }
    if (indentation && character.point == '\t') {
      return fail_at(place.text(), Code::config_syntax, "a tab is used as indentation; YAML takes blanks only");
    }
    i += character.octets;
    if (character.point == '\n') {
      ++place.line;
      place.column = 1;
      indentation = true;
    } else {
      ++place.column;
      indentation = indentation && character.point == ' ';
    }
  }
  return out;
}

}  // namespace symbolon::config
