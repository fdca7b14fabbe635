#include "crypto/legacy_library.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "crypto/handles.h"

namespace symbolon::crypto {
namespace {

OSSL_LIB_CTX* make() {
  Handle<OSSL_LIB_CTX, OSSL_LIB_CTX_free> library(OSSL_LIB_CTX_new());
  // Old files need both: the ciphers of the one, key derivation and digests of the other.
  for (const char* provider : {"default", "legacy"}) {
    if (!library || OSSL_PROVIDER_load(library.get(), provider) == nullptr) {
      ERR_clear_error();
      return nullptr;
    }
  }
  return library.release();
}

}  // namespace

OSSL_LIB_CTX* legacy_library() {
  static OSSL_LIB_CTX* const kLibrary = make();
  return kLibrary;
}

}  // namespace symbolon::crypto
