#include "http/target.h"

#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace symbolon::http {

namespace urls = boost::urls;

Result<Target> Target::parse(std::string_view text) {
  const auto parsed = urls::parse_origin_form(text);
  if (!parsed) return fail(Code::bad_request, "the target is not a path: {}", parsed.error().message());
  Target target;
  const auto segments = parsed->segments();
  for (const auto& segment : segments) target.segments.emplace_back(segment);
  if (target.segments.size() == 1 && target.segments.front().empty()) target.segments.clear();
  for (const std::string& segment : target.segments) {
    if (segment.empty() || segment == "." || segment == ".." || segment.find('\0') != std::string::npos) {
      return fail(Code::bad_request, "the target has an empty or dotted segment");
    }
  }
  const auto parameters = parsed->params();
  for (const auto& parameter : parameters) {
    std::string value(parameter.value);
    if (value.find('\0') != std::string::npos) return fail(Code::bad_request, "NUL in the query of the target");
    target.query.emplace_back(std::string(parameter.key), std::move(value));
  }
  return target;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string percent_encode(std::string_view text) { return urls::encode(text, urls::unreserved_chars); }

}  // namespace symbolon::http
