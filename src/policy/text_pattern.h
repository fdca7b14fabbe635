// Patterns for free text (CN, OU, O, profile): exact, or open at one end or both. See name_pattern.h.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "policy/name_text.h"

namespace symbolon::policy {

class TextPattern {
 public:
  // config_bad_value: empty, control characters, a star in the middle.
  static Result<TextPattern> parse(std::string_view pattern);

  bool matches(std::string_view text) const;
  bool might_match(std::string_view text) const { return matches(text) || (!exact() && !is_clean(text)); }
  bool exact() const { return !open_start_ && !open_end_; }
  const std::string& normal() const { return core_; }

 private:
  std::string core_;
  bool open_start_ = false;
  bool open_end_ = false;
};

}  // namespace symbolon::policy
