// Patterns for the names in certificates: what access rules match and what profiles may issue.
//
//   dns    "web.example.com"; "*.example.com": exactly one label; "**.example.com": one or more; "*", "**" alone.
//          Case-insensitive (RFC 4343). A name that is itself a wildcard ("*.example.com") matches where every name it
//          stands for would.
//   uri    "spiffe://example.com/billing"; in the path "*" is one segment, "**" any number of them, each alone between
//          slashes. Scheme and host are case-insensitive (RFC 3986 §6.2.2.1), the rest is exact. Wildcards need
//          scheme://authority and never match a query, a fragment, an empty or dot segment, or percent-encoding.
//   email  "ann@example.com", "*@example.com", "*@**.example.com": local part exact and case-sensitive, the domain a
//          dns pattern (RFC 5280 §7.5).
//   ip     "192.0.2.1", "2001:db8::/32"; no bits beyond the prefix. IPv4 never matches IPv6 forms.
//   text   (CN, OU, O) exact and case-sensitive, or with "*" at either end or both, or "*".
//
// A name that holds NUL or another control character matches nothing: patterns cannot hold one, wildcards refuse it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "policy/dns_pattern.h"
#include "policy/email_pattern.h"
#include "policy/ip_pattern.h"
#include "policy/text_pattern.h"
#include "policy/uri_pattern.h"
#include "x509/name.h"

namespace symbolon::policy {

enum class PatternKind : std::uint8_t { dns, uri, email, ip, text };

// Immutable; matching is thread-safe, allocates little and takes time linear in name times pattern.
class NamePattern {
 public:
  // Each fails with config_bad_value.
  static Result<NamePattern> dns(std::string_view pattern);
  static Result<NamePattern> uri(std::string_view pattern);
  static Result<NamePattern> email(std::string_view pattern);
  static Result<NamePattern> ip(std::string_view pattern);
  static Result<NamePattern> text(std::string_view pattern);
  static Result<NamePattern> make(PatternKind kind, std::string_view pattern);

  PatternKind kind() const { return kind_; }
  const std::string& pattern() const { return pattern_; }  // as written

  // The name as it stands in the certificate; for ip its textual form.
  bool matches(std::string_view name) const;
  bool matches_ip(ByteView octets) const;  // 4 or 16 octets
  // What a rule that denies takes for a match: also a name that could mean the same and is written so that the pattern
  // cannot be held against it (a dot at the end, a quoted local part, percent-encoding, a port, IPv4 in IPv6).
  bool might_match(std::string_view name) const;
  bool might_match_ip(ByteView octets) const;
  // Of the pattern's kind, and matching. Never for `text`.
  bool matches(const x509::GeneralName& name) const;

  // No wildcard, no prefix: matches exactly the names whose normal form is `normal()`.
  bool exact() const;
  std::string normal() const;
  bool operator==(const NamePattern& other) const { return kind_ == other.kind_ && pattern_ == other.pattern_; }

 private:
  using Form = std::variant<DnsPattern, UriPattern, EmailPattern, IpPattern, TextPattern>;
  NamePattern(PatternKind kind, std::string_view pattern, Form form)
      : kind_(kind), pattern_(pattern), form_(std::move(form)) {}

  PatternKind kind_;
  std::string pattern_;
  Form form_;
};

// The normal form of a name, under which exact patterns of the kind are found: dns and the domain of an e-mail address
// in lower case, scheme and host of a URI likewise, addresses by RFC 5952. Total, whatever the name holds.
std::string normal_form(PatternKind kind, std::string_view name);

}  // namespace symbolon::policy
