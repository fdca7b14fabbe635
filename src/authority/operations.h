// What the authority can be asked to do, in the words of its API. Every verb of the command line is one of these.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/authority_info.h"
#include "api/certificate.h"
#include "api/change.h"
#include "api/crl.h"
#include "api/feed.h"
#include "api/gateway_info.h"
#include "api/gateways.h"
#include "api/heads.h"
#include "api/issue.h"
#include "api/issuer.h"
#include "api/ledger.h"
#include "api/revocation.h"
#include "api/roles.h"
#include "api/ticket_keys.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/identity.h"

namespace symbolon::authority {

class RevocationFeed;
struct Crl;  // crl_publisher.h

// Whether a caller's certificate still counts. (A revoked admin is no admin.)
enum class Standing : std::uint8_t { good, revoked, foreign };

// Who asks, and what they may (api_rights.h).
struct Requester {
  std::string text;  // as the ledger records it: "unix: uid 0", "certificate CN=alice (serial 0a1b)"
  api::Roles roles = {};
  std::string person = {};    // the same for each certificate of one subject: who counts where two persons are needed
  std::string identity = {};  // of its certificate, what people would call it; empty: it came with none
};

// Calls block (a commit, a signature, a disk) and are thread-safe: many threads' issuances share one commit.
// That the requester may make the call at all was checked before.
class Operations {
 public:
  virtual ~Operations() = default;
  // Called now and then during a long call.
  using OnProgress = std::function<void(const api::Progress&)>;

  // forbidden, too, when the certificate would have roles that the requester has not: no right breeds another.
  // With a key, the same request of the same requester has the same answer however often it comes; another request
  // under that key fails with idempotency_key_reused. What was refused is not remembered.
  virtual Result<api::IssueAnswer> issue(const api::IssueRequest& request, const Requester& requester,
                                         const std::optional<std::string>& idempotency_key) = 0;
  virtual Result<api::ListPage> list(const api::ListQuery& query) = 0;
  // not_found, or ambiguous with the candidates in its words.
  virtual Result<api::CertificateDetails> show(const std::string& what) = 0;
  virtual Result<api::RevocationAnswer> revoke(const api::RevocationRequest& request, const Requester& requester) = 0;
  // Fails with not_found, ambiguous, not_on_hold.
  virtual Result<api::ReleaseAnswer> release(const api::ReleaseRequest& request, const Requester& requester) = 0;
  // Fails with query_malformed, ambiguous (too many), and as the ledger does: then some of them may be revoked.
  virtual Result<api::RevokeMatchingAnswer> revoke_matching(const api::RevokeMatchingRequest& request,
                                                            const Requester& requester,
                                                            const OnProgress& on_progress) = 0;
  virtual Result<api::ProfileList> profiles() = 0;
  virtual Result<api::IssuerList> issuers() = 0;
  virtual Result<api::StatusInfo> status() = 0;

  // A further issuing CA: its key is made, what the root's key must sign is recorded and answered; with the signature
  // it is in use at once. Fails with issuer_unknown (no root of its own), lifetime_not_allowed, approval_needed,
  // overloaded (too many wait for their signature), not_found (none waits under this serial), ca_revoked (its serial
  // was meanwhile), request_bad_signature; after a failure that can be mended (file_exists, ledger_...) it still waits.
  virtual Result<api::NewIssuerAnswer> new_issuer(const api::NewIssuerRequest& request, const Requester& requester) = 0;
  virtual Result<api::IssuerInfo> sign_issuer(const std::string& serial, const api::IssuerSignature& signature,
                                              const Requester& requester) = 0;
  // New certificates come from this CA from now on. Fails as IssuerSet::select, with approval_needed.
  virtual Result<api::IssuerInfo> use_issuer(const std::string& name, const Requester& requester) = 0;
  // An issuing CA that somebody brings. Fails as open_imported, with approval_needed, already_exists, and with
  // ca_not_yet_valid if it is to be used and cannot be.
  virtual Result<api::IssuerInfo> import_issuer(const api::ImportIssuerRequest& request,
                                                const Requester& requester) = 0;

  // What waits for a second person (where the configuration asks for two), and what did.
  virtual Result<api::ChangeList> changes() = 0;
  // Fails with not_found, or same_person.
  virtual Result<api::ChangeInfo> approve(const std::string& id, const Requester& requester) = 0;

  // Fails with audit_broken, audit_head_mismatch (the chain does not hold request.against), ledger_corrupt.
  virtual Result<api::LedgerVerifyAnswer> verify_ledger(const api::LedgerVerifyRequest& request,
                                                        const OnProgress& on_progress) = 0;
  virtual Result<api::LedgerBackupAnswer> backup_ledger(const api::LedgerBackupRequest& request,
                                                        const OnProgress& on_progress) = 0;
  // Takes this machine's clock for right although the ledger holds newer entries. Changes nothing if it holds none.
  virtual Result<api::ClockAcceptance> accept_clock(const Requester& requester) = 0;

  // What gateways know and the ledger does not have, given up (TakingBack). Changes nothing where there is none.
  virtual Result<api::RollbackAcceptance> accept_rollback(const Requester& requester) {
    return fail(Code::not_found, "nothing to give up here, {}", requester.text);
  }
  // The newest heads, signed now. Fails as HeadKeeper::sign.
  virtual Result<api::HeadsAnswer> heads() { return fail(Code::not_found, "no heads here"); }
  // A page of what request.gateway knows beyond this ledger (TakingBack::hand_back).
  virtual Result<api::HandBackAnswer> hand_back(const api::HandBackRequest& request) {
    return fail(Code::not_found, "nothing is taken from '{}' here", request.gateway);
  }

  // The CRL of the issuer of that name (CrlPublisher::current). Fails as that does.
  virtual Result<std::shared_ptr<const Crl>> crl(const std::string& issuer) {
    return fail(Code::not_found, "no CRL of '{}' here", issuer);
  }

  // Of a CA whose key is not here: its CRL, as it would be now, and then its signature. A later one takes the place of
  // one that waits. Fails with issuer_unknown (no such CA of ours, or its key is here), crl_issuer_may_not_sign,
  // lifetime_not_allowed, too_large, crl_ahead_of_ledger; not_found (none of that number waits), crypto_failed.
  virtual Result<api::NewCrlAnswer> new_crl(const std::string& issuer, const api::NewCrlRequest&, const Requester&) {
    return fail(Code::issuer_unknown, "no CRL of '{}' here", issuer);
  }
  virtual Result<api::CrlInfo> sign_crl(const std::string& issuer, const api::CrlSignature&, const Requester&) {
    return fail(Code::not_found, "no CRL of '{}' waits", issuer);
  }

  // The gateways that revocations must reach. Forgetting one fails with not_found.
  virtual Result<api::GatewayList> gateways() { return fail(Code::not_found, "no gateways here"); }
  virtual Result<api::GatewayInfo> forget_gateway(const std::string& name, const Requester&) {
    return fail(Code::not_found, "no gateway '{}' here", name);
  }

  // Certificates that gateways have seen and the ledger does not know (UnknownCertificates).
  virtual Result<api::SeenPage> report_seen(const api::SeenPage&, const std::string& gateway) {
    return fail(Code::not_found, "nobody here knows what gateway '{}' should see", gateway);
  }
  virtual Result<api::SeenPage> seen_unknown() { return fail(Code::not_found, "no gateways here"); }

  // The keys of session tickets that gateways share (TicketKeyKeeper).
  virtual Result<api::TicketKeysAnswer> ticket_keys(const api::TicketKeysRequest& request) {
    return fail(Code::not_found, "no keys for {} domains here", request.domains.size());
  }
  // What follows query.after, for a gateway, which by that says that it enforces everything up to it; without waiting.
  virtual Result<api::FeedPage> feed_page(const api::FeedQuery& query) {
    return fail(Code::not_found, "no feed after {}", query.after);
  }
  // Who waits for the next revocation; null: nobody can. Outlives the calls.
  virtual RevocationFeed* feed() { return nullptr; }

  // Was this very certificate issued here, and is it unrevoked? The ledger is asked: that a CA of ours signed it is not
  // enough, an imported one signed before. Fails as the ledger does.
  virtual Result<Standing> standing_of(const x509::Certificate& issuer, const x509::Certificate& leaf) const = 0;
  // Of a certificate that has good standing. Does not block.
  virtual api::Roles roles_of(const x509::Identity& identity) const = 0;
  // One audit entry about a call that was refused. Best effort.
  virtual void record_refusal(const std::string& requester, const std::string& call, const Error& why) = 0;
};

}  // namespace symbolon::authority
