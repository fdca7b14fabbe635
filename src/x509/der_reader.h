// A strict reader of DER (X.690 §10) over bytes that it borrows: definite, shortest lengths only, no copy.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace symbolon::x509::der {

// Identifier octets of one octet: class, constructed bit and number (X.690 §8.1.2).
enum Tag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  null = 0x05,
  object_identifier = 0x06,
  utf8_string = 0x0c,
  sequence = 0x30,
  set = 0x31,
  utc_time = 0x17,
  generalized_time = 0x18,
};
constexpr std::uint8_t context(unsigned number) { return static_cast<std::uint8_t>(0xa0U | number); }  // constructed

// One element: its identifier, its content, and the whole of it with the header.
struct Element {
  std::uint8_t tag = 0;
  ByteView content;
  ByteView whole;
};

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

// "1.2.840..." of an OBJECT IDENTIFIER's content. Nothing for an encoding that is not the shortest.
std::optional<std::string> oid_text(ByteView content);

}  // namespace symbolon::x509::der
