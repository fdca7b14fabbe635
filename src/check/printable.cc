#include "check/printable.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace symbolon::check {

std::string printable(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (const char c : octets) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\\': out += "\\\\"; break;
      case '"': out += "\\\""; break;
      default:
        if (c >= 0x20 && c <= 0x7e) {
          out += c;
        } else {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
  }
  return out;
}

std::string without_controls(std::string_view text) { return escaped(text, LineBreaks::escape); }

std::string without_controls(std::string_view text, std::size_t most) {
  std::string out = without_controls(text);
  if (out.size() <= most) return out;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0U) == 0x80) --end;  // not inside a character
  const std::size_t rest = out.size() - end;
  out.resize(end);
  return out + fmt::format("... (and {} octets more)", rest);
}

}  // namespace symbolon::check
