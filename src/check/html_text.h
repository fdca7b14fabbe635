// Text of any origin as HTML and SVG text or attribute value.
#pragma once

#include <string>
#include <string_view>

namespace symbolon::check {

// What would mislead (base/utf8.h) escaped and shown, cut behind `most` octets of that; then & < > " ' as references.
std::string html_text(std::string_view text, std::size_t most = 2000);

// The same, with `words in backquotes` as <code>.
std::string html_sentence(std::string_view text);

}  // namespace symbolon::check
