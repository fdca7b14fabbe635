#include "check/html_text.h"

#include "check/printable.h"

namespace symbolon::check {

std::string html_text(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : without_controls(text, most)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string html_sentence(std::string_view text) {
  const std::string escaped = html_text(text);
  std::string out;
  std::size_t at = 0;
  while (at < escaped.size()) {
    const std::size_t begin = escaped.find('`', at);
    const std::size_t end = begin == std::string::npos ? begin : escaped.find('`', begin + 1);
    if (end == std::string::npos) break;
    out += escaped.substr(at, begin - at) + "<code>" + escaped.substr(begin + 1, end - begin - 1) + "</code>";
    at = end + 1;
  }
  return out + escaped.substr(at);
}

}  // namespace symbolon::check
