// The documents that are made from the tables: docs/ and the manual pages come from here.
#pragma once

#include <string>
#include <string_view>

#include "cli/session.h"

namespace symbolon::cli {

// rejections, configuration, schema or openapi. Fails with usage.
Result<std::string> document(std::string_view which);

Status print_document(std::string_view which, const Session& session);

}  // namespace symbolon::cli
