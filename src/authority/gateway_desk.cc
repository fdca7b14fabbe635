#include "authority/gateway_desk.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "x509/request.h"

namespace symbolon::authority {
namespace {

constexpr std::string_view kMark = "gateway, ";  // before whoever asks here, in the ledger

std::unexpected<Error> refuse(std::string_view what) {
  return fail(Code::forbidden, "a gateway asks for its certificates and for revocations, not {}", what);
}

bool has_all(const std::vector<std::string>& names, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& one) { return std::ranges::find(names, one) != names.end(); });
}

// Profiles may take a common name from the request's subject: it would be a name that nobody looked at.
Status check_request(const std::string& csr) {
  const auto request = TRY(x509::CertificateRequest::from_file_content(csr));
  if (request.subject().attributes().empty()) return {};
  return refuse(fmt::format("for the subject {}: what it gets is named by its route", request.subject().text()));
}

}  // namespace

GatewayDesk::GatewayDesk(Operations& authority, std::vector<GatewayWish> wishes, LookAgain look_again)
    : authority_(authority), look_again_(std::move(look_again)), wishes_(std::move(wishes)) {}

bool GatewayDesk::is_wished(const api::IssueRequest& request) {
  if (request.names.empty() || request.common_name) return false;
  const auto covers = [&](const GatewayWish& wish) {
    return wish.profile == request.profile && has_all(wish.names, request.names);
  };
  const std::lock_guard lock(mutex_);
  if (look_again_) {
    if (auto now = look_again_()) wishes_ = *std::move(now);
  }
  return std::ranges::any_of(wishes_, covers);
}

Result<api::IssueAnswer> GatewayDesk::issue(const api::IssueRequest& request, const Requester& requester,
                                            const std::optional<std::string>& idempotency_key) {
  if (!is_wished(request)) {
    return refuse(
        fmt::format("for {} of the profile '{}', which no route has", fmt::join(request.names, ", "), request.profile));
  }
  TRY(check_request(request.csr));
  const Requester gateway{
      .text = std::string(kMark) + requester.text, .roles = requester.roles, .person = requester.person};
  return authority_.issue(request, gateway, idempotency_key);
}

// By its fingerprint alone: the answer to a name or a part of one would tell of other certificates.
Result<api::CertificateDetails> GatewayDesk::show(const std::string& what) {
  const auto octets = from_hex(what);
  if (!octets || octets->size() != x509::Fingerprint{}.octets.size()) return refuse("to search");
  auto found = authority_.show(what);
  if (!found && found.error().code != Code::ambiguous) return found;
  if (found && found->summary.fingerprint == what && found->summary.requester.starts_with(kMark)) return found;
  return refuse("for the certificates of others");
}
// Whatever it calls itself: it speaks for this machine alone.
Result<api::FeedPage> GatewayDesk::feed_page(const api::FeedQuery& query) {
  api::FeedQuery here = query;
  here.gateway = api::kLocalGateway;
  return authority_.feed_page(here);
}
RevocationFeed* GatewayDesk::feed() { return authority_.feed(); }
Result<api::HandBackAnswer> GatewayDesk::hand_back(const api::HandBackRequest& request) {
  api::HandBackRequest here = request;
  here.gateway = api::kLocalGateway;
  return authority_.hand_back(here);
}
Result<api::SeenPage> GatewayDesk::report_seen(const api::SeenPage& seen, const std::string&) {
  return authority_.report_seen(seen, std::string(api::kLocalGateway));
}
Result<api::TicketKeysAnswer> GatewayDesk::ticket_keys(const api::TicketKeysRequest& request) {
  return authority_.ticket_keys(request);
}
Result<api::HeadsAnswer> GatewayDesk::heads() { return authority_.heads(); }

Result<api::ListPage> GatewayDesk::list(const api::ListQuery&) { return refuse("for a list"); }
Result<api::RevocationAnswer> GatewayDesk::revoke(const api::RevocationRequest&, const Requester&) {
  return refuse("to revoke");
}
Result<api::ReleaseAnswer> GatewayDesk::release(const api::ReleaseRequest&, const Requester&) {
  return refuse("to release anything");
}
Result<api::RevokeMatchingAnswer> GatewayDesk::revoke_matching(const api::RevokeMatchingRequest&, const Requester&,
                                                               const OnProgress&) {
  return refuse("to revoke");
}
Result<api::ProfileList> GatewayDesk::profiles() { return refuse("for profiles"); }
Result<std::shared_ptr<const Crl>> GatewayDesk::crl(const std::string&) { return refuse("for CRLs"); }
Result<api::IssuerList> GatewayDesk::issuers() { return refuse("for the CAs"); }
Result<api::StatusInfo> GatewayDesk::status() { return authority_.status(); }
Result<api::NewIssuerAnswer> GatewayDesk::new_issuer(const api::NewIssuerRequest&, const Requester&) {
  return refuse("for a CA");
}
Result<api::IssuerInfo> GatewayDesk::sign_issuer(const std::string&, const api::IssuerSignature&, const Requester&) {
  return refuse("for a CA");
}
Result<api::IssuerInfo> GatewayDesk::use_issuer(const std::string&, const Requester&) { return refuse("for a CA"); }
Result<api::IssuerInfo> GatewayDesk::import_issuer(const api::ImportIssuerRequest&, const Requester&) {
  return refuse("for a CA");
}
Result<api::ChangeList> GatewayDesk::changes() { return refuse("for changes"); }
Result<api::ChangeInfo> GatewayDesk::approve(const std::string&, const Requester&) { return refuse("to approve"); }
Result<api::LedgerVerifyAnswer> GatewayDesk::verify_ledger(const api::LedgerVerifyRequest&, const OnProgress&) {
  return refuse("for a verification");
}
Result<api::LedgerBackupAnswer> GatewayDesk::backup_ledger(const api::LedgerBackupRequest&, const OnProgress&) {
  return refuse("for a backup");
}
Result<api::ClockAcceptance> GatewayDesk::accept_clock(const Requester&) { return refuse("for another clock"); }

Result<Standing> GatewayDesk::standing_of(const x509::Certificate& issuer, const x509::Certificate& leaf) const {
  return authority_.standing_of(issuer, leaf);
}
api::Roles GatewayDesk::roles_of(const x509::Identity&) const { return {}; }
void GatewayDesk::record_refusal(const std::string& requester, const std::string& call, const Error& why) {
  authority_.record_refusal(std::string(kMark) + requester, call, why);
}

}  // namespace symbolon::authority
