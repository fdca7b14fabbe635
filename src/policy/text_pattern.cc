#include "policy/text_pattern.h"

#include "policy/name_text.h"

namespace symbolon::policy {

Result<TextPattern> TextPattern::parse(std::string_view pattern) {
  TextPattern out;
  std::string_view core = pattern;
  if (core.starts_with('*')) {
    out.open_start_ = true;
    core.remove_prefix(1);
  }
  if (core.ends_with('*')) {
    out.open_end_ = true;
    core.remove_suffix(1);
  }
  const bool any = pattern == "*";
  if (!is_clean(pattern) || (core.empty() && !any) || core.find('*') != std::string_view::npos) {
    return fail(Code::config_bad_value, "'{}' is no text pattern: write Sales, Sales* or *Sales", shown(pattern));
  }
  out.open_end_ = out.open_end_ || any;
  out.core_ = core;
  return out;
}

bool TextPattern::matches(std::string_view text) const {
  if (exact()) return text == core_;
  if (!is_clean(text)) return false;
  if (open_start_ && open_end_) return text.find(core_) != std::string_view::npos;
  return open_start_ ? text.ends_with(core_) : text.starts_with(core_);
}

}  // namespace symbolon::policy
