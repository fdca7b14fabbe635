// The target of a request, taken apart (RFC 3986): path segments and query parameters, percent-decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace symbolon::http {

struct Target {
  std::vector<std::string> segments;                       // "/v1/x%2Fy" -> {"v1", "x/y"}; "/" -> {}
  std::vector<std::pair<std::string, std::string>> query;  // in order; "+" is a space

  // Origin-form. Fails with bad_request: not absolute, bad escape, NUL, "." or ".." segments, empty inner segments.
  static Result<Target> parse(std::string_view text);

  std::optional<std::string_view> parameter(std::string_view name) const;
};

// For one segment or one query value.
std::string percent_encode(std::string_view text);

}  // namespace symbolon::http
