// The description of the API (OpenAPI 3.1), made from the table of calls and the table of members: docs/openapi.json,
// and what GET /v1/openapi.json answers.
#pragma once

#include <string>

namespace symbolon::api {

// JSON, indented, with a line break at its end; the same for every authority of this version.
const std::string& openapi_document();

}  // namespace symbolon::api
