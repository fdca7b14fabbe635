// Private keys as files hold them beside plain PEM: in DER, and encrypted (RFC 5958 §3).
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"

namespace symbolon::crypto {

// PKCS#8 (RFC 5958 §2) or the traditional forms (RFC 8017 Appendix A.1.2, RFC 5915 §3). Fails with key_unreadable.
Result<PrivateKey> key_from_der(ByteView der);

struct OpenedKey {
  PrivateKey key;
  std::string scheme;   // what it was encrypted with
  bool legacy = false;  // only old programs encrypt so
};

// An EncryptedPrivateKeyInfo in DER. Fails with passphrase_needed (none is given), passphrase_wrong or key_unreadable
// (also where opening it would cost too much).
Result<OpenedKey> open_encrypted_key(ByteView der, const Secret& passphrase);

// As PrivateKey::public_key, for a key of any origin: fails with key_unreadable where it has none that can be written.
Result<PublicKey> public_part(const PrivateKey& key);

// However they are encoded (a curve's points have two forms). False where either cannot be read.
bool same_key(const PublicKey& a, const PublicKey& b);

}  // namespace symbolon::crypto
