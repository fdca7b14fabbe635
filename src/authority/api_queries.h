// What a call of the API asks for in its target: each parameter at most once, and none that is not known. All fail with
// bad_request.
#pragma once

#include <string>

#include "api/certificate.h"
#include "api/feed.h"
#include "api/rejection.h"
#include "base/error.h"
#include "http/target.h"

namespace symbolon::authority {

Result<api::ListQuery> list_query_of(const http::Target& target);
Result<api::FeedQuery> feed_query_of(const http::Target& target);

// Of the certificate with this fingerprint, which the caller came with; empty: it came with none.
Result<api::RejectionQuery> own_query_of(const http::Target& target, const std::string& fingerprint);

}  // namespace symbolon::authority
