#include "revocation/issuer_key.h"

namespace symbolon::revocation {

IssuerKey IssuerKey::of(const x509::Certificate& issuer) {
  return of(issuer.subject(), issuer.public_key().spki_sha256());
}

IssuerKey IssuerKey::of(const x509::DistinguishedName& subject, const crypto::Sha256& spki_sha256) {
  // The digest of the key has a fixed length, so the two cannot run into each other.
  Bytes both = to_bytes(spki_sha256);
  const ByteView name = subject.canonical();
  both.insert(both.end(), name.begin(), name.end());
  return {crypto::sha256(both), crypto::sha256(name)};
}

}  // namespace symbolon::revocation
