#include "http/conditional.h"

namespace symbolon::http {
namespace {

// RFC 9110 §8.8.3, §13.1.2: a list of entity tags, or "*"; weak comparison.
bool holds_tag(std::string_view field, std::string_view tag) {
  if (field == "*") return true;
  while (!field.empty()) {
    const auto comma = field.find(',');
    std::string_view one = field.substr(0, comma);
    field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag) return true;
  }
  return false;
}

}  // namespace

bool has_tag(const Headers& asked, std::string_view tag) {
  const auto tags = asked.find("If-None-Match");
  return tags && holds_tag(*tags, tag);
}

bool has_it(const Headers& asked, std::string_view tag, std::string_view date) {
  if (asked.find("If-None-Match")) return has_tag(asked, tag);
  return asked.find("If-Modified-Since") == date;
}

}  // namespace symbolon::http
