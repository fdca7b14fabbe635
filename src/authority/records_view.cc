#include "authority/records_view.h"

#include <algorithm>

namespace symbolon::authority {
namespace {

std::string purpose_name(const std::string& oid) {
  if (oid == x509::eku::kServerAuth) return "serverAuth";
  if (oid == x509::eku::kClientAuth) return "clientAuth";
  if (oid == x509::eku::kEmailProtection) return "emailProtection";
  if (oid == x509::eku::kOcspSigning) return "OCSPSigning";
  return oid;
}

std::string text(const ledger::SubjectName& name) { return fmt::format("{}:{}", x509::name(name.kind), name.value); }

api::CertificateState state_of(const ledger::CertificateRecord& record) {
  if (record.revocation) return api::CertificateState::revoked;
  switch (record.state) {
    case ledger::CertificateState::reserved: return api::CertificateState::reserved;
    case ledger::CertificateState::issued: return api::CertificateState::issued;
    case ledger::CertificateState::abandoned: return api::CertificateState::abandoned;
  }
  return api::CertificateState::reserved;
}

}  // namespace

api::CertificateSummary summary_of(const ledger::CertificateRecord& record, const IssuerSet& issuers) {
  const Issuer* const issuer = issuers.find(record.issuer);
  api::CertificateSummary out{.serial = record.serial.hex(),
                              .fingerprint = record.fingerprint ? record.fingerprint->hex() : std::string(),
                              .issuer = issuer != nullptr ? issuer->name : std::string(),
                              .profile = record.profile,
                              .subject = record.subject,
                              .names = {},
                              .requester = record.requester,
                              .state = state_of(record),
                              .not_before = record.validity.not_before,
                              .not_after = record.validity.not_after,
                              .issued_at = record.issued_at.value_or(record.reserved_at),
                              .revocation = {}};
  for (const ledger::SubjectName& name : record.names) out.names.push_back(text(name));
  if (record.revocation) out.revocation = view_of(*record.revocation);
  return out;
}

api::CertificateSummary summary_of(const IssuedCertificate& issued, const std::string& requester, UnixSeconds now) {
  const x509::CertificateTemplate& content = issued.content();
  api::CertificateSummary out{.serial = content.serial.hex(),
                              .fingerprint = issued.fingerprint().hex(),
                              .issuer = issued.issuer().name,
                              .profile = content.profile.value_or(""),
                              .subject = content.subject.text(),
                              .names = {},
                              .requester = requester,
                              .state = api::CertificateState::issued,
                              .not_before = content.validity.not_before,
                              .not_after = content.validity.not_after,
                              .issued_at = now,
                              .revocation = {}};
  for (const x509::GeneralName& name : content.subject_alt_names) out.names.push_back(name.text());
  return out;
}

api::Revocation view_of(const ledger::Revocation& revocation) {
  // The API knows every reason of ours but aaCompromise, which no certificate of this authority can have.
  const auto number = static_cast<int>(revocation.reason);
  const bool known = number != static_cast<int>(ledger::RevocationReason::aa_compromise);
  return {.reason = known ? static_cast<api::RevocationReason>(number) : api::RevocationReason::unspecified,
          .at = revocation.revoked_at,
          .by = revocation.actor};
}

api::CrlInfo view_of(const Crl& crl) {
  return {.issuer = crl.issuer,
          .number = static_cast<std::int64_t>(crl.number),
          .this_update = crl.this_update,
          .next_update = crl.next_update,
          .entries = static_cast<std::int64_t>(crl.entries),
          .octets = static_cast<std::int64_t>(crl.der.size())};
}

api::ProfileInfo view_of(const Profile& profile) {
  api::ProfileInfo out{.name = profile.name,
                       .summary = profile.when,
                       .lifetime = profile.lifetime,
                       .longest_lifetime = profile.longest,
                       .key_types = {},
                       .extended_key_usage = {},
                       .names = {}};
  for (const crypto::KeyType type : profile.keys) out.key_types.emplace_back(crypto::name(type));
  for (const std::string& purpose : profile.extended_key_usage) out.extended_key_usage.push_back(purpose_name(purpose));
  for (const NameRule& rule : profile.names) {
    if (rule.patterns.empty()) out.names.emplace_back(x509::name(rule.kind));
    for (const policy::NamePattern& pattern : rule.patterns) {
      out.names.push_back(fmt::format("{}:{}", x509::name(rule.kind), pattern.pattern()));
    }
  }
  for (const policy::NamePattern& pattern : profile.common_name_patterns)
    out.names.push_back("cn:" + pattern.pattern());
  if (profile.common_name == CommonName::free && profile.common_name_patterns.empty()) out.names.emplace_back("cn");
  return out;
}

api::IssuerInfo view_of(const Issuer& issuer, const Issuer* in_use) {
  const x509::Certificate& certificate = issuer.certificate;
  return {.name = issuer.name,
          .role = issuer.is_root() ? "root" : "issuing",
          .in_use = &issuer == in_use,
          .subject = certificate.subject().text(),
          .serial = certificate.serial().hex(),
          .fingerprint = certificate.fingerprint().hex(),
          .key = certificate.public_key().description(),
          .not_before = certificate.validity().not_before,
          .not_after = certificate.validity().not_after,
          .certificate = certificate.pem()};
}

ledger::RevocationReason ledger_reason(api::RevocationReason reason) {
  return static_cast<ledger::RevocationReason>(reason);  // both hold CRLReason's numbers
}

std::string candidate_lines(const std::vector<ledger::CertificateRecord>& records, UnixSeconds now) {
  std::string out;
  for (const ledger::CertificateRecord& record : records) {
    std::string names;
    for (const ledger::SubjectName& name : record.names) names += " " + text(name);
    out += fmt::format("\n  {}  {}  {}{}  until {}", record.serial.hex(), record.standing(now), record.subject, names,
                       to_rfc3339(record.validity.not_after));
  }
  return out;
}

}  // namespace symbolon::authority
