// Problem documents (RFC 9457): how an Error travels over HTTP without losing its code.
//
//   {"type":"about:blank","title":"nothing matches","status":404,"detail":"no certificate named 'web'",
//    "code":"not_found","where":"...","remedy":"see `symbolon list`"}
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "http/message.h"

namespace symbolon::http {

// Status, title and remedy come from the code table; `detail` is the error's words. A code whose row has a status
// below 400 (a finding, not a failure) is sent as 500.
Response problem(const Error& error);

// The Error that a response with status >= 400 carries. Total: a response without a problem document of ours becomes
// an Error by its status (404 not_found, 403 forbidden, 413 too_large, 503 overloaded, other 4xx bad_request, 5xx
// internal). Codes that this build does not know (a newer server) are mapped the same way, their name kept in words.
Error error_of(const Response& response);

// The document alone, for answers that come piece by piece and fail on the way. `remedy` instead of the table's, unless
// it is empty.
std::string problem_text(const Error& error, std::string_view remedy = {});
// None: not a problem document of ours.
std::optional<Error> problem_from_text(std::string_view text);

}  // namespace symbolon::http
