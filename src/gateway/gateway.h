// The gateway: demands, verifies and judges the peer's certificate in front of any service.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/ticket_keys.h"
#include "base/clock.h"
#include "gateway/config.h"
#include "gateway/figures.h"
#include "gateway/record_sink.h"
#include "net/drain.h"
#include "net/sd_listen_fds.h"
#include "revocation/revocation_source.h"
#include "tls/credential.h"
#include "x509/revocation_checker.h"
#include "x509/trust_bundle.h"

namespace symbolon::gateway {

struct AuthorityTrust {
  std::shared_ptr<const x509::TrustBundle> bundle;
  x509::PathCheck check = x509::PathCheck::strict;  // rfc5280 for CAs that were imported
};

// What a connection has just passed: for tests that let a revocation come between two steps.
enum class AdmissionStep : std::uint8_t { client_indexed, client_compared, server_indexed, server_compared };

// Asks the authority (POST /v1/ticket-keys); blocks, for some seconds at most. Called on one thread.
using AskTicketKeys = std::function<Result<api::TicketKeysAnswer>(const api::TicketKeysRequest&)>;

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
  AskTicketKeys ask_ticket_keys;                           // for `shared_ticket_keys`; unset: nothing is shared
  std::shared_ptr<const net::InheritedSockets> inherited;  // null: none; taken where they fit a listening address
  std::optional<Path> crls;  // the folder where CRLs that were fetched are kept; none: nowhere
  std::optional<Path> seen;  // where the client certificates that were seen are kept; none: nowhere
  net::DrainLimits drain;    // DrainLimits{.drainers = 0} switches the draining close off: for its test only
  std::function<void(AdmissionStep)> after_step = {};  // called on the connection's thread
};

// Thread-safe.
class Gateway {
 public:
  // Reads every file, makes every context, binds every address, and only then serves. Fails whole: nothing listens
  // after a failure. The codes are those of files, certificates, keys and listening, with the place in the
  // configuration.
  static Result<std::unique_ptr<Gateway>> start(const GatewayConfig& config, GatewayInputs inputs);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();  // stop()

  // Goes on with another configuration: reads every file, asks the inputs, binds addresses that are new, and only then
  // swaps. A connection that would be admitted now goes on undisturbed; one that would not is closed, and its record
  // says why (route_removed, client_certificate_..., not_allowed_by_policy). Addresses that are gone are closed once
  // their backlog is empty. Fails as start; everything stays as it was then. `threads` stays as it was (a warning says
  // so).
  Status reload(const GatewayConfig& config);
  // The same with the configuration that there is.
  Status refresh();
  // A reload that came to nothing before it got here: the configuration cannot be read.
  void reload_failed(const Error& error);
  ReloadState reload_state() const;
  // Revocations came. Open connections are judged anew: those that stand on the certificate that was added, at once; or
  // (null) all, in turns. Without loss, however many come together.
  void judge_again(const revocation::Addition* added = nullptr);
  // The keys of session tickets that the authority hands to gateways are of this generation (api::FeedPage). Where they
  // are shared: after the first one all others wipe every key at once, and keys are asked for.
  void ticket_keys_are(const std::string& generation);

  // Begins to stop: serves what waits in the backlogs, accepts nothing more; open connections may go on for
  // `drain_timeout`, then they are closed (records say `draining`). `ended` (may be empty) is called on another thread
  // when none is left. Only the first call counts.
  void drain(std::function<void()> ended);
  bool draining() const;
  // Ends whatever is left at once, joins its threads. Idempotent.
  void stop();

  // Whether every thread has answered the last question of this kind (if there was one); asks the next one.
  bool threads_answer();

  // Where the route is reached, with the port that was really bound. Aborts for a route that does not exist.
  net::Endpoint address_of(const std::string& route) const;
  // What an operator should know: about configuration and files as they were read last, and about staples and
  // CRLs now.
  std::vector<std::string> warnings() const;
  std::size_t connections() const;  // open now
  // Metrics, status, inventory. Lives as long as the gateway.
  const Figures& figures() const;

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::gateway
