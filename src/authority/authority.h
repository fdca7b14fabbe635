// The authority: the operations of its API over an opened state.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authority/crl_config.h"
#include "authority/crl_publisher.h"
#include "authority/head_signer.h"
#include "authority/hierarchy.h"
#include "authority/imported_ca.h"
#include "authority/issuance.h"
#include "authority/key_source.h"
#include "authority/ocsp_config.h"
#include "authority/ocsp_responder.h"
#include "authority/ocsp_signer.h"
#include "authority/operations.h"
#include "authority/profile_config.h"
#include "authority/rights.h"
#include "authority/state.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "revocation/revocation_source.h"

namespace symbolon::authority {

// Whether a changed profile, a new CA, a certificate with the role admin or approver and one from another CA than the
// one in use need a second person, who approves what the first one asked for.
enum class TwoPersons : std::uint8_t { not_needed, needed };

struct AuthorityOptions {
  Path state = {};
  std::string name = {};                               // of the authority, for status; empty: its CA's organization
  std::map<std::string, ProfileConfig> profiles = {};  // of the configuration, beside the built-ins
  Rights rights = {};
  TwoPersons two_persons = TwoPersons::not_needed;
  KeySource keys = {};  // unset: unencrypted files of the state folder
  // A CA's key was written: makes `keys` have it. Unset: it has.
  std::function<Status(ledger::IssuerId)> on_new_key = {};
  // Does a key of an issuing CA lie encrypted? Then that of a further CA shall, too. Unset: their files are read.
  std::function<bool()> keys_are_encrypted = {};
  AskPassphrase ask_passphrase = {};  // encrypts it then
  std::vector<Path> backups = {};     // folders in and below which backups may be written; empty: anywhere
  IssuanceOptions issuance = {};
  std::optional<CrlConfig> crl = {};             // unset: none is published; one is made when it is asked for
  SignCrl sign_crl = {};                         // signs them where `keys` are elsewhere
  std::optional<OcspConfig> ocsp = {};           // unset: nobody is answered
  std::shared_ptr<OcspSigner> ocsp_signer = {};  // unset: keys of this process
  // Of the gateway in the same state, where no other process hands back what it knows (journal_beside.h).
  std::optional<Path> journal = {};
  HeadKeySource head_key = {};                   // unset: a file of the state folder, with `ask_passphrase`
  std::shared_ptr<HeadSigner> head_signer = {};  // unset: with that key, in this process
};

// Thread-safe.
class Authority final : public Operations {
 public:
  // The clock is borrowed and outlives it. In a state from before a CA could be chosen, the one that ends last is in
  // use from now on. Fails as open_state and configure.
  static Result<std::unique_ptr<Authority>> open(AuthorityOptions options, const Clock& clock);
  ~Authority() override;

  Result<api::IssueAnswer> issue(const api::IssueRequest& request, const Requester& requester,
                                 const std::optional<std::string>& idempotency_key) override;
  Result<api::ListPage> list(const api::ListQuery& query) override;
  Result<api::CertificateDetails> show(const std::string& what) override;
  Result<api::RevocationAnswer> revoke(const api::RevocationRequest& request, const Requester& requester) override;
  Result<api::ReleaseAnswer> release(const api::ReleaseRequest& request, const Requester& requester) override;
  Result<api::RevokeMatchingAnswer> revoke_matching(const api::RevokeMatchingRequest& request,
                                                    const Requester& requester, const OnProgress& on_progress) override;
  Result<api::ProfileList> profiles() override;
  Result<api::IssuerList> issuers() override;
  Result<api::StatusInfo> status() override;
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
  Result<api::RollbackAcceptance> accept_rollback(const Requester& requester) override;
  Result<api::HeadsAnswer> heads() override;
  Result<api::HandBackAnswer> hand_back(const api::HandBackRequest& request) override;
  Result<std::shared_ptr<const Crl>> crl(const std::string& issuer) override;
  Result<api::NewCrlAnswer> new_crl(const std::string& issuer, const api::NewCrlRequest& request,
                                    const Requester& requester) override;
  Result<api::CrlInfo> sign_crl(const std::string& issuer, const api::CrlSignature& signature,
                                const Requester& requester) override;
  Result<api::GatewayList> gateways() override;
  Result<api::GatewayInfo> forget_gateway(const std::string& name, const Requester& requester) override;
  Result<api::SeenPage> report_seen(const api::SeenPage& seen, const std::string& gateway) override;
  Result<api::SeenPage> seen_unknown() override;
  Result<api::TicketKeysAnswer> ticket_keys(const api::TicketKeysRequest& request) override;
  Result<api::FeedPage> feed_page(const api::FeedQuery& query) override;
  RevocationFeed* feed() override;
  Result<Standing> standing_of(const x509::Certificate& issuer, const x509::Certificate& leaf) const override;
  api::Roles roles_of(const x509::Identity& identity) const override;
  void record_refusal(const std::string& requester, const std::string& call, const Error& why) override;

  // Called after every change of the CAs, on the thread that made it. Set once, before the first call.
  void on_issuers_changed(std::function<void()> hook);

  // Publishes from now on, by a thread of its own, where CRLs are published (AuthorityOptions::crl).
  void publish_crls();
  CrlPublisher& crls();
  // Signs heads of audit chain and feed from now on, by a thread of its own, and lets them travel with the feed.
  void keep_heads();
  // Keeps its certificates and answers new from now on, where there is a responder.
  void answer_ocsp();
  OcspResponder* ocsp();  // null: none is configured

  // What gateways of this process judge by; changed before revoke() returns.
  std::shared_ptr<const revocation::RevocationSource> revocations() const;
  // What trusting this authority means (IssuerSet::anchors).
  std::vector<x509::Certificate> anchors() const;
  // For the parts of this process: issuance without the API.
  Issuance& issuance();
  const StateLayout& layout() const;

 private:
  struct Impl;
  explicit Authority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// ca_expires_soon for each profile whose lifetime will not fit into its CA's rest of life any more within this time,
// in one warning; why the CA in use cannot sign, if it cannot; ca_revoked for each other one that has its key here.
inline constexpr Seconds kIssuerNotice = kDay * 120;
std::vector<api::Warning> issuer_warnings(const IssuerSet& issuers, const ProfileSet& profiles, UnixSeconds now);

}  // namespace symbolon::authority
