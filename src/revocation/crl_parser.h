// The syntax of a CRL (RFC 5280 §5.1), without any judgement about it: what stands where, as views into the octets.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "revocation/coverage.h"

namespace symbolon::revocation {

// Views borrow from the DER that was parsed.
struct CrlSyntax {
  ByteView to_be_signed;
  ByteView algorithm;  // DER of the AlgorithmIdentifier; inner and outer are equal
  ByteView signature;
  ByteView issuer;  // DER of the Name
  UnixSeconds this_update;
  UnixSeconds next_update;
  ByteView entries;  // content of revokedCertificates, empty without
  int version = 1;

  // Extensions.
  std::optional<Bytes> number;            // cRLNumber, magnitude octets
  std::optional<Bytes> authority_key_id;  // keyIdentifier of authorityKeyIdentifier
  Coverage coverage;                      // from issuingDistributionPoint; without nextUpdate
};

// Fails with crl_malformed, crl_unknown_critical_extension (delta CRLs, too) or crl_indirect; the words hold the octet.
Result<CrlSyntax> parse_crl(ByteView der);

// One entry of revokedCertificates. `serial` is the content of the INTEGER: shortest form, may be negative or too long.
using VisitEntry = std::function<void(ByteView serial, UnixSeconds since)>;

// Every entry in order. `der` is the whole CRL, for the offset in the words. Fails like parse_crl.
Status for_each_entry(ByteView der, const CrlSyntax& crl, const VisitEntry& visit);

}  // namespace symbolon::revocation
