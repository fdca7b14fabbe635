#include "authority/ocsp_content.h"

#include "authority/crl_content.h"

namespace symbolon::authority {
namespace {

revocation::CertIdHash hash_of(signer::OcspHash hash) {
  return hash == signer::OcspHash::sha1 ? revocation::CertIdHash::sha1 : revocation::CertIdHash::sha256;
}

revocation::OcspStatus status_of(ledger::SerialStanding standing) {
  switch (standing) {
    case ledger::SerialStanding::unknown: return revocation::OcspStatus::unknown;
    case ledger::SerialStanding::issued: return revocation::OcspStatus::good;
    case ledger::SerialStanding::revoked: return revocation::OcspStatus::revoked;
  }
  return revocation::OcspStatus::unknown;
}

template <typename... Args>
std::unexpected<Error> refuse(const signer::OcspName& name, fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::ocsp_out_of_bounds, "an OCSP response of issuer {}: {}", name.issuer,
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace

OcspIssuer OcspIssuer::of(const Issuer& issuer, const IssuerSet& issuers) {
  return {
      .id = issuer.id, .ids = CrlIssuer::of(issuer, issuers).ids, .cert_ids = revocation::CertIds(issuer.certificate)};
}

ledger::SerialsOf serials_of(const OcspIssuer& issuer, const signer::OcspName& name) {
  ledger::SerialsOf out{.issuers = issuer.ids, .serials = {}};
  out.serials.reserve(name.entries.size());
  for (const signer::OcspName::Entry& entry : name.entries) out.serials.push_back(entry.serial);
  return out;
}

std::vector<revocation::CertStatus> cert_statuses(const std::vector<ledger::SerialStatus>& found) {
  std::vector<revocation::CertStatus> out;
  out.reserve(found.size());
  for (const ledger::SerialStatus& one : found) {
    out.push_back({status_of(one.standing), one.revoked_at, static_cast<std::uint8_t>(one.reason)});
  }
  return out;
}

Result<Bytes> ocsp_content(const OcspIssuer& issuer, const signer::OcspName& name, const crypto::PublicKey& responder,
                           const std::vector<revocation::CertStatus>& said) {
  ENSURE(issuer.id.value == name.issuer && responder.spki_sha256() == name.responder);
  if (said.size() != name.entries.size()) {
    return fail(Code::bad_request, "{} certificates are named, of {} something is said", name.entries.size(),
                said.size());
  }
  std::vector<Bytes> cert_ids;
  std::vector<revocation::OcspAnswer> answers;
  cert_ids.reserve(said.size());
  answers.reserve(said.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    cert_ids.push_back(issuer.cert_ids.of(hash_of(name.entries[i].hash), name.entries[i].serial));
    answers.push_back({.cert_id = cert_ids.back(),
                       .status = said[i],
                       .this_update = name.this_update,
                       .next_update = name.next_update});
  }
  revocation::OcspHeading heading{.responder_key = responder.key_identifier(), .produced_at = name.this_update};
  if (!name.nonce.empty()) heading.nonce = name.nonce;
  return revocation::ocsp_response_data(heading, answers);
}

Status check_ocsp_name(const signer::OcspName& name, Seconds longest, UnixSeconds now) {
  if (!signer::fits(name)) {
    return refuse(name, "{} certificates and a nonce of {} octets", name.entries.size(), name.nonce.size());
  }
  if (name.this_update > now + kOcspTolerance || name.this_update < now - kOcspTolerance) {
    return refuse(name, "thisUpdate {}, now it is {}", to_rfc3339(name.this_update), to_rfc3339(now));
  }
  // Both bounds at once, so that no sum can overflow.
  if (name.next_update <= name.this_update || name.next_update > name.this_update + longest) {
    return refuse(name, "nextUpdate {}, at most {} after thisUpdate is allowed", to_rfc3339(name.next_update),
                  to_text(longest));
  }
  return {};
}

}  // namespace symbolon::authority
