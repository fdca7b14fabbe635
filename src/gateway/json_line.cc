#include "gateway/json_line.h"

#include <fmt/format.h>

namespace symbolon::gateway {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// The length of the UTF-8 sequence that begins here (RFC 3629 §4), 0 if none does.
std::size_t sequence_at(std::string_view text) {
  const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i, unsigned least = 0x80, unsigned most = 0xBF) {
    return octet(i) >= least && octet(i) <= most;
  };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned least = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned most = first == 0xED ? 0x9F : 0xBF;
    return follows(1, least, most) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned least = first == 0xF0 ? 0x90 : 0x80;
    const unsigned most = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, least, most) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

void JsonLine::quoted(std::string_view value) {
  text_ += '"';
  while (!value.empty()) {
    const std::size_t length = sequence_at(value);
    const char c = value.front();
    if (length == 0) {
      text_ += kReplacement;
      value.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F) {
      text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (length == 2 && c == '\xC2' && static_cast<std::uint8_t>(value[1]) < 0xA0) {
      text_ += fmt::format("\\u{:04x}", static_cast<std::uint8_t>(value[1]));  // C1 controls move terminals, too
    } else {
      text_ += value.substr(0, length);
    }
    value.remove_prefix(length);
  }
  text_ += '"';
}

void JsonLine::key(std::string_view name) {
  if (text_.back() != '{') text_ += ',';
  text_ += '"';
  text_ += name;
  text_ += "\":";
}

JsonLine& JsonLine::add(std::string_view name, std::string_view value) {
  key(name);
  quoted(value);
  return *this;
}

JsonLine& JsonLine::add_number(std::string_view name, std::int64_t value) {
  key(name);
  text_ += fmt::format_int(value).str();
  return *this;
}

JsonLine& JsonLine::add_list(std::string_view name, const std::vector<std::string>& values) {
  key(name);
  text_ += '[';
  for (const auto& value : values) {
    if (text_.back() != '[') text_ += ',';
    quoted(value);
  }
  text_ += ']';
  return *this;
}

JsonLine& JsonLine::add_some(std::string_view name, std::string_view value) {
  return value.empty() ? *this : add(name, value);
}

JsonLine& JsonLine::open(std::string_view name) {
  key(name);
  text_ += '{';
  return *this;
}

JsonLine& JsonLine::close() {
  text_ += '}';
  return *this;
}

std::string JsonLine::finish() && {
  text_ += '}';
  return std::move(text_);
}

}  // namespace symbolon::gateway
