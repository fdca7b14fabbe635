// Certificates that gateways have seen, that name a CA of this authority as their issuer, and that the ledger does not
// know (certificate_not_in_ledger): what was issued between a backup and the day it was restored, what an imported CA
// issued elsewhere, or what somebody signed with a stolen key.
//
// In memory alone, and bounded: whoever connects to a gateway must not make the authority write. Gateways say it again
// to the next process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/gateway_info.h"
#include "authority/issuer.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"

namespace symbolon::authority {

// Thread-safe. Borrows ledger and clock.
class UnknownCertificates {
 public:
  static constexpr std::size_t kMost = 1000;  // further ones are left out, which the log says
  using Issuers = std::function<std::shared_ptr<const IssuerSet>()>;
  UnknownCertificates(ledger::Ledger& ledger, const Clock& clock, Issuers issuers)
      : ledger_(ledger), clock_(clock), issuers_(std::move(issuers)) {}

  // Looks each up, and says which of them are unknown; those that have ended are not. Fails as the ledger does.
  Result<api::SeenPage> take(const api::SeenPage& seen, const std::string& gateway);
  // Those that were taken, soonest ending first, without what has ended or was barred meanwhile. `route` says whose it
  // is: "GATEWAY: ROUTE". Fails likewise.
  Result<api::SeenPage> list();

 private:
  Result<std::vector<api::SeenCertificate>> unknown_of(const std::vector<api::SeenCertificate>& seen);
  Result<bool> is_this(const std::vector<ledger::IssuerId>& issuers, const x509::SerialNumber& serial,
                       const std::string& fingerprint);
  void keep(api::SeenCertificate seen, const std::string& gateway);

  ledger::Ledger& ledger_;
  const Clock& clock_;
  const Issuers issuers_;
  std::mutex mutex_;                                  // guards what follows
  std::map<std::string, api::SeenCertificate> kept_;  // by fingerprint
  bool full_said_ = false;
};

}  // namespace symbolon::authority
