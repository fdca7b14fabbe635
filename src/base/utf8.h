// UTF-8 text of any origin: reading it (RFC 3629 §4), and showing it where it could mislead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace symbolon {

struct Utf8Character {
  std::size_t octets = 0;  // 0: no well-formed sequence begins here (surrogates and overlong forms are none)
  char32_t point = 0;
};
Utf8Character first_character(std::string_view text);

bool is_utf8(std::string_view text);

// Does it change how the text around it is shown, or stand there unseen? Controls (C0, DEL, C1), what turns the
// direction of writing (UAX #9), line and paragraph separators, invisible formatting (joiners left out: scripts need
// them), tags, noncharacters.
bool is_deceptive(char32_t point);
// Blanks of every width (Unicode's space separators).
bool is_blank(char32_t point);

enum class LineBreaks : std::uint8_t { keep, escape };

// Deceptive characters and octets that are no UTF-8 as \xHH or \u{HHHH}, all else as it is. The result is UTF-8.
std::string escaped(std::string_view text, LineBreaks line_breaks);

}  // namespace symbolon
