// Heads: how far a chain of the authority's record goes, signed by a key that lies outside the ledger. Whoever keeps
// one can show later that entries were cut off or rewritten.
//
// What is signed is a text of four lines (LF), ECDSA on P-256 with SHA-256, as DER (RFC 3279 §2.2.3):
//
//   symbolon audit head 1            or: symbolon feed head 1
//   COUNT                            decimal: entries so far
//   HASH                             lower-case hexadecimal: of the chain up to the last of them
//   TIME                             RFC 3339, UTC: when it was signed
//
// The chain of the audit log: ledger/audit_chain.h. That of the feed: revocation/feed_chain.h.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace symbolon::revocation {

enum class HeadKind : std::uint8_t { audit = 0, feed = 1 };

struct Head {
  HeadKind kind = HeadKind::audit;
  std::uint64_t count = 0;  // of entries; of the feed: the number of the newest one
  crypto::Sha256 hash{};
  UnixSeconds time = {};  // when it was signed
  bool operator==(const Head&) const = default;
};

struct SignedHead {
  Head head;
  Bytes signature = {};
  bool operator==(const SignedHead&) const = default;
};

// The octets that are signed.
std::string signed_text(const Head& head);

// Reads the public key of heads: SubjectPublicKeyInfo on P-256. Fails with audit_head_not_ours.
Result<crypto::PublicKey> head_key(ByteView spki);

// Fails with audit_head_not_ours: `key` has not signed it.
Status check_signature(const SignedHead& head, const crypto::PublicKey& key);

}  // namespace symbolon::revocation
