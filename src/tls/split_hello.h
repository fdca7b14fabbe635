// A ClientHello in pieces: each form is allowed, and some devices on the way do not know that.
#pragma once

#include "base/bytes.h"

namespace symbolon::tls {

// The first TLS record of `octets` as two records with half of its fragment each (RFC 8446 §5.1: "handshake messages
// MAY be ... fragmented across several records"); what stands behind it stays. Total: what is no whole record of two
// octets at least is given back as it is.
Bytes in_two_records(ByteView octets);

}  // namespace symbolon::tls
