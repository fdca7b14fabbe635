// Which revocations end the keys of session tickets that gateways share.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "authority/ticket_key_rings.h"
#include "ledger/ledger.h"
#include "x509/identity.h"

namespace symbolon::authority {

// Thread-safe. Whoever broke into a gateway has the keys: once a certificate with the role `gateway`, or a CA, is
// revoked or on hold, all are replaced. What the ledger enters is noted on its committer's thread, and looked up by the
// next question: nothing that the keeper says afterwards is of before.
class TicketKeyKeeper {
 public:
  // Of more revocations at once than this nobody is looked for: the keys are replaced.
  static constexpr std::size_t kMostLookedUp = 1000;

  using IsGateway = std::function<bool(const x509::Identity& identity)>;
  // Follows the ledger from here on, which outlives it and keeps a share of what it calls. The clock is borrowed.
  TicketKeyKeeper(ledger::Ledger& ledger, const Clock& clock, IsGateway is_gateway);
  ~TicketKeyKeeper();

  // As those of TicketKeyRings. Both may block on the ledger. Also fails with system_error.
  Result<api::TicketKeysAnswer> give(const api::TicketKeysRequest& request);
  std::string generation();

 private:
  struct Noted;
  void settle();
  bool ends_keys(ledger::CertificateId id);
  Status keep_young();

  ledger::Ledger& ledger_;
  const IsGateway is_gateway_;
  const std::shared_ptr<Noted> noted_;
  std::mutex settling_;  // who finds nothing noted waits until that which was is dealt with
  TicketKeyRings rings_;
  std::mutex waking_;  // guards the next two
  std::condition_variable_any wake_;
  std::jthread thread_;  // drops keys that are too old; last: it ends first
};

}  // namespace symbolon::authority
