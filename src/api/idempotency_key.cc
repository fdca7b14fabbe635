#include "api/idempotency_key.h"

#include <algorithm>

namespace symbolon::api {
namespace {

// RFC 8941 §3.3.3: "Strings are zero or more printable ASCII characters (i.e., the range %x20 to %x7E)"; the quote and
// the backslash alone are escaped.
Result<std::string> unquoted(std::string_view inner) {
  std::string out;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    char c = inner[i];
    if (c == '"') return fail(Code::bad_request, "Idempotency-Key: something follows the closing quote");
    if (c == '\\') {
      ++i;
      if (i == inner.size() || (inner[i] != '"' && inner[i] != '\\')) {
        return fail(Code::bad_request, "Idempotency-Key: a backslash escapes a quote or itself");
      }
      c = inner[i];
    }
    out += c;
  }
  return out;
}

}  // namespace

Result<std::string> parse_idempotency_key(std::string_view field) {
  const auto printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (!std::ranges::all_of(field, printable)) {
    return fail(Code::bad_request, "Idempotency-Key: printable ASCII is expected");
  }
  std::string key(field);
  if (field.starts_with('"')) {
    if (field.size() < 2 || !field.ends_with('"')) {
      return fail(Code::bad_request, "Idempotency-Key: the closing quote is missing");
    }
    key = TRY(unquoted(field.substr(1, field.size() - 2)));
  } else if (field.find_first_of("\"\\ ,;") != std::string_view::npos) {
    return fail(Code::bad_request, "Idempotency-Key: one key is expected, in quotes");
  }
  if (key.empty() || key.size() > kLongestIdempotencyKey) {
    return fail(Code::bad_request, "Idempotency-Key: 1 to {} characters are taken", kLongestIdempotencyKey);
  }
  return key;
}

std::string idempotency_key_field(std::string_view key) {
  std::string out = "\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace symbolon::api
