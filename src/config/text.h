// The characters of a configuration file, before YAML looks at them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/document.h"

namespace symbolon::config {

// The text without byte order mark, lines ended by a line feed alone. Fails with config_syntax and the place for what
// is larger than kLargestText, not UTF-8 (RFC 3629), a character that YAML 1.2 §5.1 does not print, a carriage return
// alone, or a tab in the indentation (YAML 1.2 §6.1).
Result<std::string> clean_text(std::string_view text, const std::string& file);

// The octets of the UTF-8 sequence at the start of `text`; 0 if it is none (RFC 3629 §4: no surrogates, no overlong
// forms) or stands for a character that must not be printed.
std::size_t printable_length(std::string_view text);

}  // namespace symbolon::config
