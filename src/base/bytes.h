// Bytes, and their textual forms (hexadecimal, base64 of RFC 4648).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace symbolon {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }

// Lower-case, no separator.
std::string to_hex(ByteView bytes);
// Upper-case pairs with colons: "0A:1B".
std::string to_colon_hex(ByteView bytes);
// Any case; colons and blanks between pairs are accepted. Fails with bad_request.
Result<Bytes> from_hex(std::string_view text);

// RFC 4648 §4 (padded) and §5 (url-safe, no padding).
std::string to_base64(ByteView bytes);
std::string to_base64url(ByteView bytes);
// RFC 4648 §4, strict but for line breaks and blanks. Fails with bad_request.
Result<Bytes> from_base64(std::string_view text);

// Compares without telling by time where two equally long values differ.
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace symbolon
