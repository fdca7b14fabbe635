// Patterns for IP addresses: one address, or a prefix (RFC 4632 §3.1, RFC 4291 §2.3).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace symbolon::policy {

class IpPattern {
 public:
  // config_bad_value: no address, a prefix that is too long, bits set beyond the prefix.
  static Result<IpPattern> parse(std::string_view pattern);

  bool matches(ByteView octets) const;  // 4 or 16; IPv4 and IPv6 never match one another
  bool matches(std::string_view address) const;
  bool might_match(ByteView octets) const;  // also IPv4 inside of IPv6 (RFC 4291 §2.5.5)
  bool might_match(std::string_view address) const;
  bool exact() const { return bits_ == octets_.size() * 8; }
  std::string normal() const;

 private:
  Bytes octets_;
  std::size_t bits_ = 0;
};

// Empty if it is no address.
Bytes ip_octets(std::string_view address);
// RFC 5952; empty unless 4 or 16 octets.
std::string ip_text(ByteView octets);

}  // namespace symbolon::policy
