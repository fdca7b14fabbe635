// Name constraints (RFC 5280 §4.2.1.10) as we read them, beside OpenSSL's own check, which also runs: a name must pass
// both.
//
// Where OpenSSL 3.0 is lenient, this is not:
//   DNS     a wildcard is inside a permitted subtree only if all its names are, and hits an excluded one if any of them
//   does;
//           under DNS constraints a name that is no host name (a dot at the end, an empty label, NUL) is refused
//   URI     user information, a port in disguise, '?' or '#' behind the host do not move the host
//   e-mail  excluded mailboxes are compared without regard to case
//   IP      a mask with holes is refused; an IPv4 address mapped into IPv6 is also held against excluded IPv4 ranges
// An excluded subtree with an empty base excludes every name of its kind. Directory names, and kinds that have no rule
// here, are OpenSSL's alone (it refuses names of a constrained kind that it does not know).
#pragma once

#include <optional>
#include <span>

#include "x509/certificate.h"
#include "x509/path_problem.h"
#include "x509/path_verification.h"

namespace symbolon::x509 {

// `path`: leaf first, anchor last. name_constraint, malformed, or path_too_complex. Under PathCheck::strict also a
// dNSName subtree with a leading dot is refused, which RFC 5280 does not know but many CAs write; else it means "only
// what is below".
std::optional<PathFault> check_name_constraints(std::span<const Certificate> path, PathCheck check);

}  // namespace symbolon::x509
