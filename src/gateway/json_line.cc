#include "gateway/json_line.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace symbolon::gateway {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

void JsonLine::quoted(std::string_view value) {
  text_ += '"';
  while (!value.empty()) {
    const auto [octets, point] = first_character(value);
    if (octets == 0) {
      text_ += kReplacement;
      value.remove_prefix(1);
      continue;
    }
    if (point == '"' || point == '\\') {
      text_ += '\\';
      text_ += value.front();
    } else if (is_deceptive(point) && point <= 0xFFFF) {  // C1 controls move terminals, too
      text_ += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(point));
    } else {
      text_ += value.substr(0, octets);
    }
    value.remove_prefix(octets);
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

JsonLine& JsonLine::add_true(std::string_view name) {
  key(name);
  text_ += "true";
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
