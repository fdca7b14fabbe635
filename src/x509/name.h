// Distinguished names (RFC 5280 §4.1.2.4) and general names (§4.2.1.6).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/handles.h"

namespace symbolon::x509 {

// One attribute of a distinguished name, its value decoded to UTF-8.
struct NameAttribute {
  std::string type;   // "CN", "O", "OU", "C", "L", "ST", "emailAddress", ... or a dotted OID
  std::string value;  // UTF-8; may hold NUL if the certificate did
  bool operator==(const NameAttribute&) const = default;
};

// Immutable; copies are cheap.
class DistinguishedName {
 public:
  DistinguishedName();  // empty
  // In the order of the encoding (most general first by custom). Values become UTF8String (C: PrintableString).
  // Fails with name_malformed: unknown type, upper bound (RFC 5280 Appendix A.1), control characters.
  static Result<DistinguishedName> from_attributes(std::vector<NameAttribute> attributes);
  // "CN=web,O=Example Corp" (RFC 4514, most specific first). Fails with name_malformed.
  static Result<DistinguishedName> parse(std::string_view rfc4514);
  static Result<DistinguishedName> from_der(ByteView der);
  static DistinguishedName from_handle(const X509_NAME* name);

  const std::vector<NameAttribute>& attributes() const;
  std::vector<std::string> values(std::string_view type) const;
  std::optional<std::string> common_name() const;  // the most specific one
  bool empty() const { return attributes().empty(); }
  ByteView der() const;
  // RFC 5280 §7.1 comparison form, as OpenSSL makes it: equal names have equal octets.
  ByteView canonical() const;
  std::string text() const;  // RFC 4514; control characters escaped
  bool operator==(const DistinguishedName& other) const;
  crypto::X509NameHandle handle() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

enum class NameKind : std::uint8_t { dns, ip, email, uri, directory, registered_id, other };
std::string_view name(NameKind kind);  // "dns", "ip", ...

// One subjectAltName.
struct GeneralName {
  NameKind kind = NameKind::dns;
  // dns, email, uri: the text as it stands (may hold anything if foreign). ip: "192.0.2.1", "2001:db8::1".
  // directory: RFC 4514. registered_id: dotted. other: "oid" of the type.
  std::string value;
  Bytes octets = {};  // ip: the 4 or 16 octets; other: the DER of the whole GeneralName

  // Checked forms, for names we are asked to certify; fail with name_malformed.
  static Result<GeneralName> dns(
      std::string_view name);  // LDH labels, "*" alone as leftmost label, lower-cased, no trailing dot
  static Result<GeneralName> ip(std::string_view address);
  static Result<GeneralName> email(std::string_view address);
  static Result<GeneralName> uri(std::string_view uri);  // absolute, with scheme; spiffe:// by X.509-SVID rules
  // Guesses the kind: "spiffe://...", "https://..." uri; "a@b" email; an address ip; else dns.
  // A prefix decides: "dns:", "ip:", "email:", "uri:".
  static Result<GeneralName> parse(std::string_view text);

  std::string text() const;  // "dns:web.example"
  bool operator==(const GeneralName&) const = default;
};

// A name as "dns:web.example" list, for people.
std::string text(const std::vector<GeneralName>& names);

// From OpenSSL's form: total, whatever it holds.
std::vector<GeneralName> from_general_names(const GENERAL_NAMES* names);

}  // namespace symbolon::x509
