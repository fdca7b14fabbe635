// How certificates are written for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/certificate.h"
#include "base/clock.h"

namespace symbolon::cli {

inline std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : std::string(separator)) + word;
  return out;
}

// "revoked", "expired", else what the ledger says.
inline std::string standing(const api::CertificateSummary& certificate, UnixSeconds now) {
  if (certificate.state == api::CertificateState::issued && certificate.not_after < now) return "expired";
  return std::string(api::name(certificate.state));
}

inline std::string who(const api::CertificateSummary& certificate) {
  return certificate.names.empty() ? certificate.subject : joined(certificate.names, " ");
}

}  // namespace symbolon::cli
