// Variables by which a service manager speaks to us. Private to this folder.
#pragma once

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>

namespace symbolon::net {

// Taken out: what is meant for us is not meant for our children. Empty where it is not set. Before threads start.
inline std::string taken_from_environment(const char* name) {
  const char* const value = std::getenv(name);
  std::string out = value == nullptr ? "" : value;
  unsetenv(name);
  return out;
}

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace symbolon::net
