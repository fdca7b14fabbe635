// The gateway: demands, verifies and judges the peer's certificate in front of any service.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gateway/config.h"
#include "gateway/record_sink.h"
#include "net/drain.h"
#include "tls/credential.h"
#include "x509/revocation_checker.h"
#include "x509/trust_bundle.h"

namespace symbolon::gateway {

struct AuthorityTrust {
  std::shared_ptr<const x509::TrustBundle> bundle;
  x509::PathCheck check = x509::PathCheck::strict;  // rfc5280 for CAs that were imported
};

// What the gateway gets from those who started it.
struct GatewayInputs {
  const Clock* clock = nullptr;                               // not null; outlives the gateway
  std::shared_ptr<RecordSink> records;                        // not null
  std::shared_ptr<const x509::RevocationChecker> revocation;  // null: nothing is revoked
  // For `trust: [authority]` and `certificate: { from: authority }`; unset: such a route is refused with
  // authority_unreachable.
  std::function<Result<AuthorityTrust>()> authority_trust;
  std::function<Result<std::shared_ptr<const tls::Credential>>(const CertificateFromAuthority& wish)>
      authority_credential;
  net::DrainLimits drain;  // DrainLimits{.drainers = 0} switches the draining close off: for its test only
};

class Gateway {
 public:
  // Reads every file, makes every context, binds every address, and only then serves. Fails whole: nothing listens
  // after a failure. The codes are those of files, certificates, keys and listening, with the place in the
  // configuration.
  static Result<std::unique_ptr<Gateway>> start(const GatewayConfig& config, GatewayInputs inputs);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();  // stop()

  // Reads files and asks the inputs anew, and swaps the snapshot that new handshakes are judged by; on failure the old
  // one stays. Thread-safe.
  Status refresh();
  // Accepts nothing any more, ends open connections (records say `draining`), joins its threads. Idempotent.
  void stop();

  // Where the route is reached, with the port that was really bound. Aborts for a route that does not exist.
  net::Endpoint address_of(const std::string& route) const;
  // What an operator should know about the files that were read at the start.
  const std::vector<std::string>& warnings() const;
  std::size_t connections() const;  // open now

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::gateway
