// The header field Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-06): under it a request may be sent
// again.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace symbolon::api {

inline constexpr std::size_t kLongestIdempotencyKey = 255;  // octets

// The key in a field's value: a String of RFC 8941 §3.3.3 ("\"8e03978e\""), or the same without its quotes, as most
// clients send it. Total. Fails with bad_request.
Result<std::string> parse_idempotency_key(std::string_view field);
// The field's value for a key of printable ASCII.
std::string idempotency_key_field(std::string_view key);

}  // namespace symbolon::api
