#include "revocation/signed_head.h"

namespace symbolon::revocation {
namespace {

// AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 §3.2), in DER.
constexpr std::uint8_t kEcdsaWithSha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

std::string_view title(HeadKind kind) {
  switch (kind) {
    case HeadKind::audit: return "symbolon audit head 1";
    case HeadKind::feed: return "symbolon feed head 1";
  }
  abort_with(__FILE__, __LINE__, "a kind of head");
}

}  // namespace

std::string signed_text(const Head& head) {
  return fmt::format("{}\n{}\n{}\n{}\n", title(head.kind), head.count, to_hex(head.hash), to_rfc3339(head.time));
}

Result<crypto::PublicKey> head_key(ByteView spki) {
  auto key = crypto::PublicKey::from_spki(spki);
  if (key && key->type() == crypto::KeyType::p256) return key;
  return fail(Code::audit_head_not_ours, "the key of heads is no public key on P-256");
}

Status check_signature(const SignedHead& head, const crypto::PublicKey& key) {
  const std::string text = signed_text(head.head);
  if (crypto::verify_signature(key, kEcdsaWithSha256, as_bytes(text), head.signature)) return {};
  return fail(Code::audit_head_not_ours, "'{}' {} of {}: another key has signed it", title(head.head.kind),
              head.head.count, to_rfc3339(head.head.time));
}

}  // namespace symbolon::revocation
