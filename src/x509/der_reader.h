// A strict reader of DER (X.690 §10) over bytes that it borrows: definite, shortest lengths only, no copy.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace symbolon::x509::der {

// Identifiers of one octet: class, constructed bit and number (X.690 §8.1.2).
namespace tag {
inline constexpr std::uint8_t boolean = 0x01;
inline constexpr std::uint8_t integer = 0x02;
inline constexpr std::uint8_t bit_string = 0x03;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t null = 0x05;
inline constexpr std::uint8_t object_identifier = 0x06;
inline constexpr std::uint8_t utf8_string = 0x0c;
inline constexpr std::uint8_t printable_string = 0x13;
inline constexpr std::uint8_t ia5_string = 0x16;
inline constexpr std::uint8_t utc_time = 0x17;
inline constexpr std::uint8_t generalized_time = 0x18;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t set = 0x31;
constexpr std::uint8_t context(unsigned number) { return static_cast<std::uint8_t>(0xa0U | number); }  // constructed
}  // namespace tag

// One element: its identifier, its content, and the whole of it with the header.
struct Element {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView whole;
};

// Identifier and length of an element.
struct Header {
  std::uint8_t tag = 0;
  std::size_t header_size = 0;
  std::size_t content_size = 0;
  std::size_t size() const { return header_size + content_size; }
};
inline constexpr std::size_t kLongestHeader = 6;  // octets
// Of what begins there; its content need not be there. Nothing where that is not DER, or cut.
std::optional<Header> header_of(ByteView bytes);

// Reads element after element. Whatever is not DER gives nothing and leaves the reader where it was.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  ByteView rest() const { return rest_; }
  // The identifier of the next element, if any octet is left.
  std::optional<std::uint8_t> peek() const;
  std::optional<Element> next();
  // The next element only if it has this tag.
  std::optional<Element> next(std::uint8_t tag);

 private:
  ByteView rest_;
};

// The one element that fills `bytes` and has this tag.
std::optional<Element> only(ByteView bytes, std::uint8_t tag);

// The octets of a BIT STRING without unused bits.
std::optional<ByteView> whole_octets(const Element& bit_string);

// Is all of it DER down to the innermost constructed element? (Contents of primitive elements are not looked at.)
bool well_formed(ByteView bytes);

// "1.2.840..." of an OBJECT IDENTIFIER's content. Nothing for an encoding that is not the shortest.
std::optional<std::string> oid_text(ByteView content);

}  // namespace symbolon::x509::der
