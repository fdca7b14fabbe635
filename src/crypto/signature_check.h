// A signature that is verified while its message arrives, so that a long one is never held whole.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "crypto/handles.h"
#include "crypto/key.h"

namespace symbolon::crypto {

// Not thread-safe; one message each.
class SignatureCheck {
 public:
  // Nothing where algorithm and key do not go together. `algorithm_identifier`: DER.
  static std::optional<SignatureCheck> begin(const PublicKey& key, ByteView algorithm_identifier);
  // The next octets of the message. Those for an algorithm without a digest of its message (Ed25519: RFC 8032 §5.1.6
  // goes over it twice) are kept.
  void add(ByteView octets);
  // Once. False for anything that does not verify.
  bool fits(ByteView signature);

 private:
  SignatureCheck(DigestContext context, bool keeps) : context_(std::move(context)), keeps_(keeps) {}

  DigestContext context_;
  bool keeps_;
  bool failed_ = false;
  Bytes kept_;
};

}  // namespace symbolon::crypto
