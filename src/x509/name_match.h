// Does a certificate hold the name that was asked for? RFC 9525 §6.
#pragma once

#include <string_view>
#include <vector>

#include "x509/certificate.h"

namespace symbolon::x509 {

// DNS by RFC 9525 §6.3 (case-blind; "*" only as the whole leftmost label of a name of three labels or more, for exactly
// one label), IP by octets, e-mail and URI by RFC 5280 §7.5 and §7.4. The common name is never looked at.
bool holds_name(const Certificate& certificate, const GeneralName& expected);
bool holds_any_name(const Certificate& certificate, const std::vector<GeneralName>& expected);

// One presented DNS name against one reference name.
bool dns_matches(std::string_view presented, std::string_view reference);

}  // namespace symbolon::x509
