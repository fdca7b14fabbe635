// The authority's end of the way to the signer.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/error.h"
#include "signer/message.h"

namespace symbolon::signer {

struct ClientLimits {
  std::chrono::milliseconds hello{30'000};        // for the first answer: it opens keys and ledger first
  std::chrono::milliseconds answer{15'000};       // for a signature
  std::chrono::milliseconds repeat{1'000};        // a request without answer is sent again: signers are started anew
  std::chrono::milliseconds crl_answer{120'000};  // for that of a CRL: a million entries are read and hashed first
  std::chrono::milliseconds crl_repeat{20'000};
  std::chrono::milliseconds look{100};  // likewise for a new key
  std::size_t waiting = 4096;           // calls at once; beyond: overloaded
  std::size_t ocsp_waiting = 256;       // of them: anybody can ask by OCSP, and certificates must not wait for that
};

// Thread-safe: requests of many threads share packets.
class Client {
 public:
  // Over a connected SOCK_SEQPACKET socket, which it owns; asks for the keys. Fails with signer_unreachable,
  // signer_protocol.
  static Result<std::shared_ptr<Client>> open(int descriptor, ClientLimits limits = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // What the signer could sign for when it was asked last. await_key: asks anew, until a signer that was started since
  // offers a key for this CA; fails with signer_unreachable when none does within ClientLimits::hello. refresh_keys:
  // asks anew, and waits for the answer as long; after an error that only a signer started since can have given, the
  // keys are that one's.
  std::vector<OfferedKey> keys() const;
  Bytes head_key() const;  // likewise the key of heads (SubjectPublicKeyInfo); empty: it has none
  Status await_key(std::int64_t issuer);
  Status refresh_keys();
  // Blocks for the signature, at most ClientLimits::answer. Fails with signer_unreachable, overloaded, and as the
  // signer says. Asking twice for one intent is harmless: the same bytes are signed.
  Result<Bytes> sign(const IntentName& intent);
  // Likewise for a CRL, at most ClientLimits::crl_answer.
  Result<Bytes> sign_crl(const CrlName& crl);
  // Likewise for an OCSP response, with the limits of sign(). Asking twice is harmless: the ledger is looked up again.
  // Aborts for a name that no packet can hold (see OcspName).
  Result<SignedOcsp> sign_ocsp(const OcspName& response);
  // Likewise several, answered in their order: they share packets, and one wait for all. All fail with overloaded where
  // there is no room for all.
  std::vector<Result<SignedOcsp>> sign_ocsp(const std::vector<OcspName>& responses);
  // Likewise the newest head of that chain, as the ledger has it now.
  Result<revocation::SignedHead> sign_head(revocation::HeadKind kind);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::signer
