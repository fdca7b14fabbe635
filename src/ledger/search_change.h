// What a commit tells the search index.
#pragma once

#include <variant>

#include "ledger/records.h"

namespace symbolon::ledger {

struct CertificateIssued {
  CertificateId id;
  UnixSeconds at;
  x509::Fingerprint fingerprint;
};
struct CertificateAbandoned {
  CertificateId id;
};
struct CertificateRevoked {
  CertificateId id;
};
struct CertificateReleased {
  CertificateId id;
};
// A CertificateRecord is one that was reserved.
using SearchChange =
    std::variant<CertificateRecord, CertificateIssued, CertificateAbandoned, CertificateRevoked, CertificateReleased>;
// What an entry of the sequence comes to; it has a certificate.
inline SearchChange search_change_of(const Revocation& entry) {
  if (entry.reason == RevocationReason::remove_from_crl) return CertificateReleased{*entry.certificate};
  return CertificateRevoked{*entry.certificate};
}

}  // namespace symbolon::ledger
