// JSON text (RFC 8259) without what parsers disagree about.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/error.h"

namespace symbolon::api {

inline constexpr std::size_t kDeepestJson = 16;

// Fails with bad_request: not JSON, a member that stands twice in one object, text that is not UTF-8, nesting deeper
// than kDeepestJson.
Result<boost::json::value> parse_strict_json(std::string_view text);

}  // namespace symbolon::api
