// Name constraints of a CA (RFC 5280 §4.2.1.10): what its certificates may name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/name.h"

namespace symbolon::x509 {

// One subtree. dns: "example.com" (it and what is below it). email: "example.com" (that host), ".example.com" (hosts
// below it) or an address. uri: "example.com" (that host) or ".example.com". ip: an address range.
struct NameSubtree {
  NameKind kind = NameKind::dns;  // dns, email, uri or ip
  std::string value;              // ip: "10.0.0.0/8"
  Bytes octets = {};              // ip: address and mask, 8 or 32 octets

  // "dns:example.com", "ip:10.0.0.0/8", "email:example.com", "uri:.example.com"; without prefix an address range or a
  // DNS name. Fails with name_malformed.
  static Result<NameSubtree> parse(std::string_view text);
  std::string text() const;
  bool operator==(const NameSubtree&) const = default;
};

struct NameConstraints {
  std::vector<NameSubtree> permitted;
  std::vector<NameSubtree> excluded;
  bool empty() const { return permitted.empty() && excluded.empty(); }
  bool operator==(const NameConstraints&) const = default;

  // Each word as NameSubtree::parse takes it. Fails with name_malformed.
  static Result<NameConstraints> parse(const std::vector<std::string>& permit, const std::vector<std::string>& exclude);
};

// DER of the extension's value. Not for empty constraints.
Bytes encode(const NameConstraints& constraints);

}  // namespace symbolon::x509
