#include "crypto/key_file.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl_error.h"
#include "crypto/password_scheme.h"

namespace symbolon::crypto {

Result<PrivateKey> key_from_der(ByteView der) {
  const unsigned char* at = der.data();
  EvpKey key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return openssl_failure(Code::key_unreadable, "no private key in DER");
  ERR_clear_error();  // of the forms that were tried first
  if (at != der.data() + der.size()) return fail(Code::key_unreadable, "there are octets behind the key");
  return PrivateKey::from_handle(std::move(key));
}

Result<OpenedKey> open_encrypted_key(ByteView der, const Secret& passphrase) {
  const unsigned char* at = der.data();
  const Handle<X509_SIG, X509_SIG_free> encrypted(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!encrypted || at != der.data() + der.size()) {
    return openssl_failure(Code::key_unreadable, "no encrypted private key");
  }
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(encrypted.get(), &algorithm, nullptr);
  const PasswordScheme scheme = TRY(password_scheme(algorithm));
  OSSL_LIB_CTX* const library = TRY(library_for(scheme));
  if (passphrase.empty()) return fail(Code::passphrase_needed, "the key is encrypted with {}", scheme.name);
  const Pkcs8Handle plain(PKCS8_decrypt_ex(encrypted.get(), passphrase.reveal().data(),
                                           static_cast<int>(passphrase.size()), library, nullptr));
  if (!plain) {
    ERR_clear_error();
    return fail(Code::passphrase_wrong, "the passphrase does not open the key");
  }
  EvpKey key(EVP_PKCS82PKEY(plain.get()));
  if (!key) return openssl_failure(Code::key_unreadable, "the decrypted key cannot be read");
  return OpenedKey{PrivateKey::from_handle(std::move(key)), scheme.name, scheme.legacy};
}

Result<PublicKey> public_part(const PrivateKey& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  if (size <= 0) return openssl_failure(Code::key_unreadable, "it has no public key");
  auto read = PublicKey::from_spki(ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  if (!read) return fail(Code::key_unreadable, "{}", read.error().words);
  return read;
}

bool same_key(const PublicKey& a, const PublicKey& b) {
  const bool equal = a.get() != nullptr && b.get() != nullptr && EVP_PKEY_eq(a.get(), b.get()) == 1;
  ERR_clear_error();
  return equal;
}

}  // namespace symbolon::crypto
