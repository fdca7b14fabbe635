// Wire objects to JSON text and back.
//
// Decoding is strict: an unknown or repeated member, a wrong type, a value out of its bounds, text that is not UTF-8
// and nesting deeper than 16 fail with bad_request; the words name the member ("names[3]"). What encode() writes,
// decode() reads. What an authority answers is read by decode_answer(), which passes over unknown members: an older
// gateway or command follows a newer authority.
#pragma once

#include <string>
#include <string_view>

#include "api/authority_info.h"
#include "api/certificate.h"
#include "api/change.h"
#include "api/crl.h"
#include "api/feed.h"
#include "api/gateway_info.h"
#include "api/heads.h"
#include "api/issue.h"
#include "api/issuer.h"
#include "api/ledger.h"
#include "api/rejection.h"
#include "api/revocation.h"
#include "api/ticket_keys.h"
#include "base/error.h"

namespace symbolon::api {

std::string encode(const IssueRequest&);
std::string encode(const IssueAnswer&);
std::string encode(const ListPage&);
std::string encode(const CertificateDetails&);
std::string encode(const CertificateSummary&);
std::string encode(const RevocationRequest&);
std::string encode(const RevocationAnswer&);
std::string encode(const RevokeMatchingRequest&);
std::string encode(const RevokeMatchingAnswer&);
std::string encode(const ReleaseRequest&);
std::string encode(const ReleaseAnswer&);
std::string encode(const NewCrlRequest&);
std::string encode(const NewCrlAnswer&);
std::string encode(const CrlSignature&);
std::string encode(const FeedPage&);
std::string encode(const HandBackRequest&);
std::string encode(const HandBackAnswer&);
std::string encode(const HeadsAnswer&);
std::string encode(const SignedHead&);
std::string encode(const ProfileList&);
std::string encode(const IssuerList&);
std::string encode(const IssuerInfo&);
std::string encode(const NewIssuerRequest&);
std::string encode(const NewIssuerAnswer&);
std::string encode(const IssuerSignature&);
std::string encode(const ImportIssuerRequest&);
std::string encode(const CrlInfo&);
std::string encode(const GatewayInfo&);
std::string encode(const GatewayList&);
std::string encode(const StatusInfo&);
std::string encode(const ChangeList&);
std::string encode(const ChangeInfo&);
std::string encode(const LedgerVerifyRequest&);
std::string encode(const LedgerVerifyAnswer&);
std::string encode(const LedgerBackupRequest&);
std::string encode(const LedgerBackupAnswer&);
std::string encode(const ClockAcceptance&);
std::string encode(const RollbackAcceptance&);
std::string encode(const Progress&);
std::string encode(const GatewayStatus&);
std::string encode(const SeenCertificate&);
std::string encode(const SeenPage&);
std::string encode(const RejectionRecord&);
std::string encode(const RejectionList&);
std::string encode(const TicketKeysRequest&);
std::string encode(const TicketKeysAnswer&);

// Defined for the types above. Fails with bad_request.
template <typename T>
Result<T> decode(std::string_view json);
template <typename T>
Result<T> decode_answer(std::string_view json);

}  // namespace symbolon::api
