// One JSON object on one line, written as it is built: no tree, one allocation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace symbolon::gateway {

// Text of any origin is made valid: control characters and quotes are escaped, octets that are not UTF-8 become U+FFFD.
class JsonLine {
 public:
  JsonLine() : text_("{") { text_.reserve(512); }

  JsonLine& add(std::string_view key, std::string_view value);
  JsonLine& add_true(std::string_view key);
  JsonLine& add_number(std::string_view key, std::int64_t value);
  JsonLine& add_list(std::string_view key, const std::vector<std::string>& values);
  // Only what is not empty.
  JsonLine& add_some(std::string_view key, std::string_view value);
  JsonLine& open(std::string_view key);  // a nested object
  JsonLine& close();
  std::string finish() &&;

 private:
  void key(std::string_view name);
  void quoted(std::string_view value);
  std::string text_;
};

}  // namespace symbolon::gateway
