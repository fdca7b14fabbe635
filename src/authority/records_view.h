// The ledger's records in the words of the API.
#pragma once

#include <string>
#include <vector>

#include "api/authority_info.h"
#include "api/certificate.h"
#include "authority/crl_publisher.h"
#include "authority/issuance.h"
#include "authority/issuer.h"
#include "ledger/records.h"

namespace symbolon::authority {

api::CertificateSummary summary_of(const ledger::CertificateRecord& record, const IssuerSet& issuers);
// Of what was issued just now, without asking the ledger.
api::CertificateSummary summary_of(const IssuedCertificate& issued, const std::string& requester, UnixSeconds now);
api::Revocation view_of(const ledger::Revocation& revocation);
api::CrlInfo view_of(const Crl& crl);
api::ProfileInfo view_of(const Profile& profile);
api::IssuerInfo view_of(const Issuer& issuer, const Issuer* in_use);

ledger::RevocationReason ledger_reason(api::RevocationReason reason);

// Candidates, one a line, for people.
std::string candidate_lines(const std::vector<ledger::CertificateRecord>& records, UnixSeconds now);

}  // namespace symbolon::authority
