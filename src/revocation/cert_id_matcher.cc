#include "revocation/cert_id_matcher.h"

#include "revocation/cert_ids.h"

namespace symbolon::revocation {
namespace {

std::string joined(ByteView name_hash, ByteView key_hash) {
  return std::string(as_text(name_hash)).append(as_text(key_hash));
}

}  // namespace

CertIdMatcher::CertIdMatcher(const std::vector<x509::Certificate>& issuers) {
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    const ByteView name = issuers[i].subject().der();
    const ByteView key = key_bits(issuers[i]);
    // SHA-1 names here as it does in key identifiers: nothing rests on it but whom the asker means.
    issuers_.emplace(joined(crypto::sha1_for_key_identifier(name), crypto::sha1_for_key_identifier(key)), i);
    issuers_.emplace(joined(crypto::sha256(name), crypto::sha256(key)), i);
  }
}

std::optional<std::size_t> CertIdMatcher::find(const CertId& id) const {
  const std::size_t size = id.hash == CertIdHash::sha1 ? crypto::Sha1().size() : crypto::Sha256().size();
  if (id.hash == CertIdHash::other || id.issuer_name_hash.size() != size || id.issuer_key_hash.size() != size) {
    return std::nullopt;
  }
  const auto found = issuers_.find(joined(id.issuer_name_hash, id.issuer_key_hash));
  if (found == issuers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace symbolon::revocation
