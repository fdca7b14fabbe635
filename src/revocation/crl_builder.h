// Makes CRLs: the exact bytes that are signed (TBSCertList, RFC 5280 §5.1.2), and the CRL around a signature.
//
// Deterministic: the same facts in the same order give the same octets, whoever builds them. Version 2, with
// authorityKeyIdentifier (§5.2.1) and cRLNumber (§5.2.3), neither of them critical; where the heading says so, a delta
// CRL, one of a distribution point, or one that names its delta CRL's place.
// Memory is the finished bytes and as much again while they are put together; a million entries take about 40 MiB.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "x509/name.h"
#include "x509/serial_number.h"

namespace symbolon::revocation {

// What a CRL says beside its entries.
struct CrlHeading {
  x509::DistinguishedName issuer;  // the CA's subject
  Bytes authority_key_identifier;  // keyIdentifier: the CA's subjectKeyIdentifier
  std::uint64_t number = 0;        // cRLNumber
  UnixSeconds this_update;
  UnixSeconds next_update;
  // deltaCRLIndicator (§5.2.4), critical: the number of the full CRL to which this one adds what changed since.
  std::optional<std::uint64_t> base = {};
  // issuingDistributionPoint (§5.2.5), critical: a URI, which certificates that it covers name. Empty: there is none.
  std::string distribution_point = {};
  std::string freshest = {};  // freshestCRL (§5.2.6): a URI. Empty: there is none.
};

// Not thread-safe; finish() once.
class CrlBuilder {
 public:
  // `algorithm_identifier`: DER, of the signature that will follow. Fails with bad_request for dates outside the years
  // 1950 to 9999, or that end before they begin.
  static Result<CrlBuilder> begin(CrlHeading heading, ByteView algorithm_identifier);

  struct Entry {
    x509::SerialNumber serial;
    UnixSeconds revoked_at;
    std::uint8_t reason = 0;  // CRLReason (§5.3.1); 0, unspecified, is left out as recommended; 8 in a delta CRL alone
    std::optional<UnixSeconds> invalid_since = {};  // invalidityDate (§5.3.2)
  };
  // They come in the order of the calls. No serial may come twice. A date outside those years is moved to the nearer
  // end.
  void add(const Entry& entry);
  std::uint64_t entries() const { return count_; }
  // Their octets, one after the other: what was added later only ever follows. Until the next call.
  ByteView octets() const { return entries_; }

  // The TBSCertList. §5.1.2.6: "When there are no revoked certificates, the revoked certificates list MUST be absent."
  Bytes finish() &&;

 private:
  CrlBuilder(CrlHeading heading, ByteView algorithm_identifier)
      : heading_(std::move(heading)), algorithm_(to_bytes(algorithm_identifier)) {}

  CrlHeading heading_;
  Bytes algorithm_;
  Bytes entries_;
  std::uint64_t count_ = 0;
  UnixSeconds last_at_;  // revocations come in the order of time: many share a second
  Bytes last_time_;      // its encoding
};

// The CertificateList in DER.
Bytes assemble_crl(ByteView tbs, ByteView algorithm_identifier, ByteView signature);

}  // namespace symbolon::revocation
