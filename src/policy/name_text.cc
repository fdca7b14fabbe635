#include "policy/name_text.h"

#include <fmt/format.h>

#include "config/text.h"

namespace symbolon::policy {
namespace {

// The octets of the next character that may be shown; 0 where there is none.
std::size_t next_clean(std::string_view text) {
  if (text.empty() || text.front() == '\n' || text.front() == '\t') return 0;
  return config::printable_length(text);
}

}  // namespace

bool is_clean(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const std::size_t length = next_clean(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string out;
  while (!text.empty() && out.size() < kMost) {
    const std::size_t length = next_clean(text);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return text.empty() ? out : out + "...";
}

}  // namespace symbolon::policy
