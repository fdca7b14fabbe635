// What a gateway in another process may ask of the authority, over a socket of its own: its certificates, for the names
// that the configuration gives it, the revocations, and the keys of session tickets that gateways share. Nothing else,
// whoever sits in that process. The server of that socket grants local callers `kGatewayRoles`, so that most calls do
// not even come here.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "authority/operations.h"

namespace symbolon::authority {

inline constexpr api::Roles kGatewayRoles{api::Role::gateway, api::Role::issuer};

// A certificate that a route has: `certificate: { from: authority, profile: ..., names: [...] }`.
struct GatewayWish {
  std::string profile;
  std::vector<std::string> names;  // as they stand there
};

// Thread-safe. Borrows the operations.
class GatewayDesk final : public Operations {
 public:
  // `look_again` says what the wishes are now, so that a route that was taken away or has come counts at once. Asked,
  // by one thread at a time, for each certificate; when it fails, the last wishes stay. Unset: they never change.
  using LookAgain = std::function<Result<std::vector<GatewayWish>>()>;
  GatewayDesk(Operations& authority, std::vector<GatewayWish> wishes, LookAgain look_again = {});

  // Of the profile of a wish, with some of its names and no common name of its own, neither beside them nor in the
  // request's subject, which is empty; else fails with forbidden.
  Result<api::IssueAnswer> issue(const api::IssueRequest& request, const Requester& requester,
                                 const std::optional<std::string>& idempotency_key) override;
  // One that a gateway asked for here, by its fingerprint; forbidden for others, and for whatever else names one.
  Result<api::CertificateDetails> show(const std::string& what) override;
  Result<api::FeedPage> feed_page(const api::FeedQuery& query) override;
  RevocationFeed* feed() override;
  Result<api::HandBackAnswer> hand_back(const api::HandBackRequest& request) override;
  Result<api::SeenPage> report_seen(const api::SeenPage& seen, const std::string& gateway) override;
  Result<api::TicketKeysAnswer> ticket_keys(const api::TicketKeysRequest& request) override;
  Result<api::HeadsAnswer> heads() override;
  Result<api::StatusInfo> status() override;  // for the metrics

  // forbidden
  Result<std::shared_ptr<const Crl>> crl(const std::string& issuer) override;
  Result<api::ListPage> list(const api::ListQuery& query) override;
  Result<api::RevocationAnswer> revoke(const api::RevocationRequest& request, const Requester& requester) override;
  Result<api::ReleaseAnswer> release(const api::ReleaseRequest& request, const Requester& requester) override;
  Result<api::RevokeMatchingAnswer> revoke_matching(const api::RevokeMatchingRequest& request,
                                                    const Requester& requester, const OnProgress& on_progress) override;
  Result<api::ProfileList> profiles() override;
  Result<api::IssuerList> issuers() override;
  Result<api::NewIssuerAnswer> new_issuer(const api::NewIssuerRequest& request, const Requester& requester) override;
  Result<api::IssuerInfo> sign_issuer(const std::string& serial, const api::IssuerSignature& signature,
                                      const Requester& requester) override;
  Result<api::IssuerInfo> use_issuer(const std::string& name, const Requester& requester) override;
  Result<api::IssuerInfo> import_issuer(const api::ImportIssuerRequest& request, const Requester& requester) override;
  Result<api::ChangeList> changes() override;
  Result<api::ChangeInfo> approve(const std::string& id, const Requester& requester) override;
  Result<api::LedgerVerifyAnswer> verify_ledger(const api::LedgerVerifyRequest& request,
                                                const OnProgress& on_progress) override;
  Result<api::LedgerBackupAnswer> backup_ledger(const api::LedgerBackupRequest& request,
                                                const OnProgress& on_progress) override;
  Result<api::ClockAcceptance> accept_clock(const Requester& requester) override;

  Result<Standing> standing_of(const x509::Certificate& issuer, const x509::Certificate& leaf) const override;
  api::Roles roles_of(const x509::Identity& identity) const override;
  void record_refusal(const std::string& requester, const std::string& call, const Error& why) override;

 private:
  Operations& authority_;
  bool is_wished(const api::IssueRequest& request);

  const LookAgain look_again_;
  std::mutex mutex_;  // guards wishes_
  std::vector<GatewayWish> wishes_;
};

}  // namespace symbolon::authority
