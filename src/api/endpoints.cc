#include "api/endpoints.h"

#include <array>

#include "base/error.h"

namespace symbolon::api {
namespace {

constexpr Roles kReaders{Role::issuer, Role::revoker, Role::approver, Role::auditor};
constexpr Roles kEverybody = Roles::all();

constexpr std::array kEndpoints = {
    Endpoint{"issue",
             "POST",
             "/v1/certificates",
             {Role::issuer},
             "a certificate for a request",
             201,
             "IssueRequest",
             "IssueAnswer"},
    Endpoint{"list", "GET", "/v1/certificates", kReaders, "a page of certificates, newest first", 200, {}, "ListPage"},
    Endpoint{"show", "GET", "/v1/certificates/{what}", kEverybody, "one certificate", 200, {}, "CertificateDetails"},
    Endpoint{"revoke",
             "POST",
             "/v1/revocations",
             {Role::revoker},
             "a certificate, revoked",
             200,
             "RevocationRequest",
             "RevocationAnswer"},
    Endpoint{"revoke_matching",
             "POST",
             "/v1/revocations/matching",
             {Role::revoker},
             "progress, then every certificate that a query matches, revoked",
             200,
             "RevokeMatchingRequest",
             "RevokeMatchingAnswer",
             AnswerForm::lines},
    Endpoint{"profiles", "GET", "/v1/profiles", kEverybody, "what can be asked for", 200, {}, "ProfileList"},
    Endpoint{"issuers", "GET", "/v1/issuers", kEverybody, "the CAs", 200, {}, "IssuerList"},
    Endpoint{"status", "GET", "/v1/status", kEverybody, "how the authority is", 200, {}, "StatusInfo"},
    Endpoint{"crl",
             "GET",
             "/v1/crls/{what}",
             kEverybody,
             "the CRL of a CA with every revocation until now, in DER",
             200,
             {},
             {},
             AnswerForm::crl},
    Endpoint{"verify_ledger",
             "POST",
             "/v1/ledger/verify",
             {Role::auditor},
             "progress, then whether the audit chain is whole",
             200,
             {},
             "LedgerVerifyAnswer",
             AnswerForm::lines},
    Endpoint{"backup_ledger",
             "POST",
             "/v1/ledger/backup",
             {},
             "progress, then the copy that was made",
             200,
             "LedgerBackupRequest",
             "LedgerBackupAnswer",
             AnswerForm::lines},
    Endpoint{"accept_clock",
             "POST",
             "/v1/ledger/accept-clock",
             {},
             "the authority's clock, taken for right",
             200,
             {},
             "ClockAcceptance"},
    Endpoint{"new_issuer",
             "POST",
             "/v1/issuers",
             {},
             "what the root's key must sign for a further issuing CA",
             202,
             "NewIssuerRequest",
             "NewIssuerAnswer"},
    Endpoint{"sign_issuer",
             "POST",
             "/v1/issuers/{what}/signature",
             {},
             "the issuing CA, in use from now on",
             201,
             "IssuerSignature",
             "IssuerInfo"},
    Endpoint{"use_issuer",
             "POST",
             "/v1/issuers/{what}/use",
             {},
             "the issuing CA, in use from now on",
             200,
             {},
             "IssuerInfo"},
    Endpoint{"import_issuer",
             "POST",
             "/v1/issuers/import",
             {},
             "the issuing CA that was brought",
             201,
             "ImportIssuerRequest",
             "IssuerInfo",
             AnswerForm::object,
             Reach::local},
    Endpoint{"changes",
             "GET",
             "/v1/changes",
             {Role::approver, Role::auditor},
             "what waits for a second person, and what did",
             200,
             {},
             "ChangeList"},
    Endpoint{"approve",
             "POST",
             "/v1/changes/{what}/approval",
             {Role::approver},
             "a change, approved",
             200,
             {},
             "ChangeInfo"},
    Endpoint{"gateways",
             "GET",
             "/v1/gateways",
             kReaders,
             "the gateways that revocations must reach",
             200,
             {},
             "GatewayList"},
    Endpoint{"forget_gateway",
             "POST",
             "/v1/gateways/{what}/forget",
             {},
             "the gateway, which no longer counts",
             200,
             {},
             "GatewayInfo"},
    Endpoint{"feed", "GET", "/v1/feed", {Role::gateway}, "revocations, for gateways", 200, {}, "FeedPage"},
    Endpoint{"openapi",
             "GET",
             "/v1/openapi.json",
             kEverybody,
             "this description (OpenAPI 3.1)",
             200,
             {},
             {},
             AnswerForm::document},
};

}  // namespace

std::string Endpoint::needs() const {
  std::string out(api::name(Role::admin));
  if (roles == Roles::all()) return "any role";
  const auto others = roles.list();
  for (std::size_t i = 0; i < others.size(); ++i) {
    out += (i + 1 == others.size() ? " or " : ", ") + std::string(api::name(others[i]));
  }
  return out;
}

std::span<const Endpoint> endpoints() { return kEndpoints; }

const Endpoint& endpoint(std::string_view name) {
  for (const Endpoint& row : kEndpoints) {
    if (row.name == name) return row;
  }
  abort_with(__FILE__, __LINE__, "a call of the table");
}

}  // namespace symbolon::api
