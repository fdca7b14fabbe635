// `symbolon verify --batch`: one case a line as JSON, one verdict a line as JSON. docs/verify-batch.md describes both
// for users.
//
// A case is an object; a key that is not listed here is an error:
//   leaf           PEM of one certificate                                              required
//   trust          PEM text or a list of PEM texts: the anchors                        required
//   intermediates  the same form: what the peer sends beside its leaf, in any order    default none
//   time           RFC 3339, a date, "@seconds", or a number of seconds                default `now`
//   purpose        "client" or "server"                                                default "client"
//   names          list of names of which the leaf must hold one: "web.example", "ip:192.0.2.1", "spiffe://..."
//   eku            list of purposes the leaf must allow: "clientAuth", "serverAuth", "emailProtection", "codeSigning",
//                  "timeStamping", "OCSPSigning", "any", or dotted OIDs                 default by purpose
//   depth          intermediates at most, 0 to 9                                       default 3
//   path_check     "rfc5280" or "strict"                                               default "rfc5280"
//   crls           PEM text or a list of PEM texts
//   revocation     "listed" (only issuers with a CRL are asked) or "every" (each must have a fresh one)   default
//   "listed" id             anything; comes back in the verdict
//
// The verdict: valid; when not valid code, rule, detail, remedy, and index (of `path`, 0 is the leaf; absent when no
// certificate is at fault); path; warnings; when valid earliest_not_after; id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "check/verify.h"

namespace symbolon::check {

// The verdict of one case, without line break. Fails with bad_request (where: the key) when the line is no case: not
// JSON, unknown or missing keys, values of another type. Certificates that cannot be read are a verdict.
Result<std::string> verify_case(std::string_view json_line, UnixSeconds now);

// As verify_case, but total: a line that is no case gives {"error": {"code": ..., "where": ..., "words": ...}}. So a
// batch gives as many lines as it was given.
std::string verify_line(std::string_view json_line, UnixSeconds now);

// Names of extended key usages ("clientAuth") and dotted OIDs; nothing for others.
std::optional<std::string> eku_from_text(std::string_view text);

}  // namespace symbolon::check
