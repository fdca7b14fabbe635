#include "ledger/records.h"

#include <array>

namespace symbolon::ledger {
namespace {

struct ReasonRow {
  RevocationReason reason;
  std::string_view name;
};
constexpr std::array kReasons = {
    ReasonRow{RevocationReason::unspecified, "unspecified"},
    ReasonRow{RevocationReason::key_compromise, "keyCompromise"},
    ReasonRow{RevocationReason::ca_compromise, "cACompromise"},
    ReasonRow{RevocationReason::affiliation_changed, "affiliationChanged"},
    ReasonRow{RevocationReason::superseded, "superseded"},
    ReasonRow{RevocationReason::cessation_of_operation, "cessationOfOperation"},
    ReasonRow{RevocationReason::certificate_hold, "certificateHold"},
    ReasonRow{RevocationReason::remove_from_crl, "removeFromCRL"},
    ReasonRow{RevocationReason::privilege_withdrawn, "privilegeWithdrawn"},
    ReasonRow{RevocationReason::aa_compromise, "aACompromise"},
};

// Letters only, lower case: "key_compromise", "keyCompromise" and "key-compromise" are one.
std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '_' || c == '-' || c == ' ') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

}  // namespace

std::string_view name(IssuerState state) {
  switch (state) {
    case IssuerState::active: return "active";
    case IssuerState::retired: return "retired";
  }
  return "";
}

std::string_view name(CertificateState state) {
  switch (state) {
    case CertificateState::reserved: return "reserved";
    case CertificateState::issued: return "issued";
    case CertificateState::abandoned: return "abandoned";
  }
  return "";
}

std::vector<SubjectName> subject_names(const std::vector<x509::GeneralName>& names) {
  std::vector<SubjectName> out;
  out.reserve(names.size());
  for (const x509::GeneralName& name : names) out.push_back({name.kind, name.value});
  return out;
}

std::string_view name(RevocationReason reason) {
  for (const ReasonRow& row : kReasons) {
    if (row.reason == reason) return row.name;
  }
  return "";
}

bool is_final(RevocationReason reason) {
  return reason != RevocationReason::certificate_hold && reason != RevocationReason::remove_from_crl;
}

std::optional<RevocationReason> revocation_reason_from_name(std::string_view name) {
  const std::string wanted = folded(name);
  for (const ReasonRow& row : kReasons) {
    if (folded(row.name) == wanted) return row.reason;
  }
  return std::nullopt;
}

std::optional<RevocationReason> revocation_reason_from_number(std::int64_t number) {
  for (const ReasonRow& row : kReasons) {
    if (static_cast<std::int64_t>(row.reason) == number) return row.reason;
  }
  return std::nullopt;
}

std::string_view CertificateRecord::standing(UnixSeconds now) const {
  if (revocation) return "revoked";
  if (state == CertificateState::issued && validity.not_after < now) return "expired";
  return name(state);
}

}  // namespace symbolon::ledger
