// What the messages read here (CRLs, OCSP requests) have in common: errors that say the octet, and extensions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/der_reader.h"

namespace symbolon::revocation {

// Extension of RFC 5280 §4.2, its value as it stands in the OCTET STRING.
struct Extension {
  std::string oid;
  bool critical = false;
  ByteView value;
  ByteView whole;
};

// The octets of one message, or a part of it that begins at the octet `base`, borrowed, and the code of what is
// malformed in it. Every view below lies in them.
class DerMessage {
 public:
  DerMessage(ByteView whole, Code malformed, std::uint64_t base = 0) : whole_(whole), code_(malformed), base_(base) {}

  ByteView whole() const { return whole_; }
  std::uint64_t offset_of(ByteView part) const {
    return base_ + static_cast<std::uint64_t>(part.data() - whole_.data());
  }
  std::unexpected<Error> malformed(ByteView at, std::string_view what) const;
  // The next element with this tag, or an error that says where it should have stood.
  Result<x509::der::Element> expect(x509::der::Reader& reader, std::uint8_t tag, std::string_view what) const;
  // `content` of Extensions, in order. None may stand twice; at most 64.
  Result<std::vector<Extension>> extensions(ByteView content) const;

 private:
  ByteView whole_;
  Code code_;
  std::uint64_t base_;
};

// X.690 §8.3.2: not empty, and without leading octets that say nothing.
bool is_shortest_integer(ByteView content);

}  // namespace symbolon::revocation
