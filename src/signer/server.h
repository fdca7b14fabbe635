// The signer's end: answers what the authority asks, and nothing else.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "signer/message.h"

namespace symbolon::signer {

// What stands behind it. Called by several threads at once.
class Desk {
 public:
  virtual ~Desk() = default;
  virtual std::vector<OfferedKey> keys() const = 0;  // at most kMostKeys
  virtual Bytes head_key() const = 0;                // SubjectPublicKeyInfo of the key of heads; empty: it has none
  // Looks the intent up by itself; the name is all that the other side gets to say.
  virtual Result<Bytes> sign(const IntentName& intent) = 0;
  // Likewise builds the CRL by itself. By one thread at a time, so that certificates do not wait for CRLs.
  virtual Result<Bytes> sign_crl(const CrlName& crl) = 0;
  // Likewise finds by itself what there is to be said of each certificate.
  // An answer for each, in their order.
  virtual std::vector<Result<SignedOcsp>> sign_ocsp(const std::vector<OcspName>& responses) = 0;
  // Likewise finds by itself how far the chain goes.
  virtual Result<revocation::SignedHead> sign_head(revocation::HeadKind kind) = 0;
};

struct ServeOptions {
  int descriptor = -1;      // a connected SOCK_SEQPACKET socket; borrowed
  int stop = -1;            // serving ends when this can be read (a signalfd, an eventfd); -1: with the socket only
  std::size_t threads = 1;  // the calling one among them
};
// Serves until the other side closes, or it is to stop. A packet that cannot be read is dropped and logged.
void serve(const ServeOptions& options, Desk& desk);

}  // namespace symbolon::signer
