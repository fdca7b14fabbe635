// Certificates that say that they are never presented without an OCSP response ("must-staple").
#pragma once

#include "x509/certificate.h"

namespace symbolon::x509 {

// RFC 7633 §4: the TLS feature extension holds status_request (5): clients that know it refuse the certificate without
// a staple. Total: an extension that cannot be decoded says nothing.
bool must_be_stapled(const Certificate& certificate);

}  // namespace symbolon::x509
