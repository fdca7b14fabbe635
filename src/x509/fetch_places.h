// Where a certificate says that its CRL and its issuer's certificate can be fetched.
#pragma once

#include <string>
#include <vector>

#include "x509/certificate.h"

namespace symbolon::x509 {

// The http URIs of cRLDistributionPoints (RFC 5280 §4.2.1.13), in their order, of visible ASCII only. Total: what
// cannot be decoded names none. Foreign: whoever fetches them goes where the certificate says.
std::vector<std::string> crl_urls(const Certificate& certificate);

// The same of id-ad-caIssuers in authorityInfoAccess (§4.2.2.1). (id-ad-ocsp: Certificate::ocsp_urls.)
std::vector<std::string> issuer_urls(const Certificate& certificate);

}  // namespace symbolon::x509
