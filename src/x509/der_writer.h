// Writes DER (X.690 §10) from the inside out, without tables of types.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace symbolon::x509::der {

// Identifier, shortest length, content.
Bytes element(std::uint8_t tag, ByteView content);
// The same around several parts that stand one after the other.
Bytes element(std::uint8_t tag, std::initializer_list<ByteView> parts);

// Identifier and shortest length alone, for content of that size that stands elsewhere.
Bytes header(std::uint8_t tag, std::size_t size);

Bytes unsigned_integer(std::uint64_t value);
// Content octets as they stand (SerialNumber::der_content).
Bytes integer(ByteView content);
// No unused bits.
Bytes bit_string(ByteView octets);
// BIT STRING of named bits: bit 0 of `bits` is the first; trailing zero bits are left out (X.690 §11.2.2).
Bytes named_bits(std::uint32_t bits);
Bytes boolean(bool value);
// From dotted text, which must be well-formed (an invariant: ours or from a parsed object). Empty if it is not.
Bytes object_identifier(std::string_view dotted);
// RFC 5280 §4.1.2.5.2: in UTC with seconds, without fractions.
Bytes generalized_time(UnixSeconds at);
// RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
Bytes time(UnixSeconds at);

}  // namespace symbolon::x509::der
