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
// A CertificateRecord is one that was reserved.
using SearchChange = std::variant<CertificateRecord, CertificateIssued, CertificateAbandoned, CertificateRevoked>;

}  // namespace symbolon::ledger
