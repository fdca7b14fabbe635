// OpenSSL's legacy provider (RC2, DES, RC4) in a library context of its own: what old programs encrypted can be read,
// and nothing else gets at these algorithms.
#pragma once

#include <openssl/types.h>

namespace symbolon::crypto {

// Lives as long as the process; null where the provider is not installed. Thread-safe.
OSSL_LIB_CTX* legacy_library();

}  // namespace symbolon::crypto
