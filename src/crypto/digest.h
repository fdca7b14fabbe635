// Digests and random octets.
#pragma once

#include <array>
#include <string>

#include "base/bytes.h"

namespace symbolon::crypto {

using Sha256 = std::array<std::uint8_t, 32>;
using Sha1 = std::array<std::uint8_t, 20>;

Sha256 sha256(ByteView data);
// For key identifiers of RFC 5280 §4.2.1.2 (1) only: never for signatures.
Sha1 sha1_for_key_identifier(ByteView data);

// From the library's CSPRNG; aborts when it has no entropy, since nothing safe could follow.
void fill_random(std::span<std::uint8_t> out);
Bytes random_bytes(std::size_t count);
// `count` characters of an alphabet without look-alikes (about 5.7 bits each).
std::string random_password(std::size_t count);

}  // namespace symbolon::crypto
