#include "authority/responder_key.h"

#include <utility>

namespace symbolon::authority {

Result<ResponderKey> ResponderKey::make() {
  auto key = TRY(crypto::PrivateKey::generate(crypto::KeyType::p256));
  auto request = TRY(x509::make_request(key, {}, {}));
  return ResponderKey(TRY(crypto::make_signer(std::move(key))), std::move(request));
}

Result<signer::SignedOcsp> ResponderKey::sign(const OcspIssuer& issuer, const signer::OcspName& name,
                                              std::vector<revocation::CertStatus> said, const Bounds& bounds) const {
  const crypto::PublicKey& key = signer_->public_key();
  if (name.responder != key.spki_sha256()) {
    return fail(Code::ocsp_responder_changed, "issuer {}: the key that answers for it is another one now", name.issuer);
  }
  TRY(check_ocsp_name(name, bounds.longest, bounds.now));
  const Bytes content = TRY(ocsp_content(issuer, name, key, said));
  return signer::SignedOcsp{
      .octets = crypto::sha256(content), .said = std::move(said), .signature = TRY(signer_->sign(content))};
}

}  // namespace symbolon::authority
