// The OCSP response that a server sends with its certificate (RFC 6066 §8, RFC 8446 §4.4.2.1): kept by others, sent by
// contexts.
#pragma once

#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "base/clock.h"

namespace symbolon::tls {

// A response that says `good`, judged (revocation/ocsp_reader.h). Immutable; shared as shared_ptr<const Staple>.
struct Staple {
  Bytes der;  // OCSPResponse
  UnixSeconds this_update;
  UnixSeconds next_update;  // or, if that is sooner, the end of its signer's certificate
};

// The place of the staple of one certificate: contexts that present it hold the slot, so that the next handshake sends
// what was put there last. A slot never goes over to another certificate. Thread-safe.
class StapleSlot {
 public:
  explicit StapleSlot(const Clock& clock) : clock_(clock) {}  // which outlives it

  // Null: from now on there is none.
  void put(std::shared_ptr<const Staple> staple);
  // What was put there last, whatever its dates; null: nothing.
  std::shared_ptr<const Staple> latest() const;
  // What may be sent: null also once its nextUpdate has passed.
  std::shared_ptr<const Staple> current() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Staple> staple_;
};

}  // namespace symbolon::tls
