// The short way from a P-256 SubjectPublicKeyInfo to a key: OpenSSL 3.0's decoder takes 120 us for what needs 5.
#pragma once

#include "base/bytes.h"
#include "crypto/handles.h"

namespace symbolon::crypto {

// The key, if `der` is exactly a P-256 key as RFC 5480 §2 writes it (named curve, uncompressed point). The point is
// checked to lie on the curve. Null for everything else, also for what is wrong: the library's decoder judges that.
EvpKey p256_from_spki(ByteView der);

// The point: the content of the subjectPublicKey BIT STRING of such a key.
ByteView p256_point(ByteView der);

}  // namespace symbolon::crypto
