// The authority's API, called from the command line, an agent or a gateway.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "api/authority_info.h"
#include "api/certificate.h"
#include "api/change.h"
#include "api/feed.h"
#include "api/gateway_info.h"
#include "api/gateways.h"
#include "api/heads.h"
#include "api/issue.h"
#include "api/issuer.h"
#include "api/ledger.h"
#include "api/rejection.h"
#include "api/revocation.h"
#include "api/ticket_keys.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "enroll/ndjson.h"
#include "net/endpoint.h"
#include "tls/credential.h"
#include "x509/trust_bundle.h"

namespace symbolon::enroll {

struct ClientTimes {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds call{60'000};
  std::chrono::milliseconds long_call{3'600'000};  // ledger verify and backup
};

// An authority elsewhere, over mutual TLS.
struct RemoteAuthority {
  net::Endpoint endpoint;
  std::string server_name;                            // expected in its certificate; empty: the endpoint's host
  std::shared_ptr<const tls::Credential> credential;  // of profile admin
  std::shared_ptr<const x509::TrustBundle> trust;     // its root
};

// Synchronous: each method blocks its thread until the answer or the deadline. One thread at a time. Failures of the
// authority keep their code; authority_unreachable: nobody answers there. A connection that the authority closed while
// idle is opened anew (not over a descriptor); a call that may have been received is never repeated by itself, unless
// it has an idempotency key.
class AuthorityClient {
 public:
  static Result<AuthorityClient> over_unix(const Path& socket, ClientTimes times = {});
  // One end of a socket pair; owns the descriptor.
  static Result<AuthorityClient> over_descriptor(int descriptor, ClientTimes times = {});

  // `clock` must outlive the client. Fails with the handshake's codes too (server_certificate_...).
  static Result<AuthorityClient> over_tls(const RemoteAuthority& remote, const Clock& clock, ClientTimes times = {});

  AuthorityClient(AuthorityClient&&) noexcept;
  AuthorityClient& operator=(AuthorityClient&&) noexcept;
  ~AuthorityClient();

  // With a key (printable ASCII, 1 to 255 characters; new for each certificate) an answer that was lost on the way is
  // asked for again, for some seconds: the authority issues once. Without, and when it stays lost:
  // authority_unreachable.
  Result<api::IssueAnswer> issue(const api::IssueRequest& request, const std::string& idempotency_key = {});
  Result<api::ListPage> list(const api::ListQuery& query);
  Result<api::CertificateDetails> show(const std::string& what);
  Result<api::RevocationAnswer> revoke(const api::RevocationRequest& request);
  Result<api::ProfileList> profiles();
  Result<api::IssuerList> issuers();
  Result<api::StatusInfo> status();
  // DER, of the CA of that name.
  Result<std::string> crl(const std::string& issuer);
  Result<api::NewCrlAnswer> new_crl(const std::string& issuer, const api::NewCrlRequest& request);
  Result<api::CrlInfo> sign_crl(const std::string& issuer, const api::CrlSignature& signature);

  Result<api::NewIssuerAnswer> new_issuer(const api::NewIssuerRequest& request);
  Result<api::IssuerInfo> sign_issuer(const std::string& serial, const api::IssuerSignature& signature);
  Result<api::IssuerInfo> use_issuer(const std::string& name);
  Result<api::IssuerInfo> import_issuer(const api::ImportIssuerRequest& request);
  Result<api::ChangeList> changes();
  Result<api::ChangeInfo> approve(const std::string& id);
  Result<api::GatewayList> gateways();
  Result<api::GatewayInfo> forget_gateway(const std::string& name);
  // The authority chooses between block and entries; it gives no block that was not asked for.
  Result<api::FeedPage> feed(const api::FeedQuery& query);
  Result<api::HandBackAnswer> hand_back(const api::HandBackRequest& request);
  Result<api::HeadsAnswer> heads();
  Result<api::SeenPage> report_seen(const api::SeenPage& seen);
  Result<api::SeenPage> seen_unknown();
  Result<api::TicketKeysAnswer> ticket_keys(const api::TicketKeysRequest& request);
  // What was recorded under this id. Fails with record_missing, gateway_unreachable.
  Result<api::RejectionList> rejections(const std::string& id);
  // Of the certificate that this client shows; with an id, that one (record_missing), without, the newest.
  Result<api::RejectionList> own_rejections(const std::string& id = {});
  // From another thread: what runs now fails, and the connection is spent.
  void cancel();

  // `on_progress` may be empty.
  Result<api::LedgerVerifyAnswer> verify_ledger(const api::LedgerVerifyRequest& request = {},
                                                const OnProgress& on_progress = {});
  Result<api::ReleaseAnswer> release(const api::ReleaseRequest& request);
  Result<api::RevokeMatchingAnswer> revoke_matching(const api::RevokeMatchingRequest& request,
                                                    const OnProgress& on_progress = {});
  Result<api::LedgerBackupAnswer> backup_ledger(const api::LedgerBackupRequest& request,
                                                const OnProgress& on_progress = {});
  Result<api::ClockAcceptance> accept_clock();
  Result<api::RollbackAcceptance> accept_rollback();

 private:
  struct Impl;
  static Result<AuthorityClient> opened(std::unique_ptr<Impl> impl);
  explicit AuthorityClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace symbolon::enroll
