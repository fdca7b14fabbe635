// Lint of the names of a certificate: subject and subjectAltName.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/codes.h"
#include "x509/name.h"

namespace symbolon::x509 {

// How a rule reports: code and words.
using Report = std::function<void(Code, std::string)>;

// lint_name_too_long, lint_name_characters, lint_encoding. `name` is a Name in DER.
void lint_name(ByteView name, const Report& report);

// lint_san_malformed, lint_san_wildcard, lint_san_empty (of each), lint_name_characters.
void lint_alt_names(const std::vector<GeneralName>& names, const Report& report);

// X509-SVID §2: "MUST contain exactly one URI SAN", and it is a SPIFFE ID with a path. lint_svid_uri.
void lint_spiffe_uri(const std::vector<GeneralName>& names, const Report& report);

}  // namespace symbolon::x509
