// Certificate revocation lists (RFC 5280 §5), read once, from the first octet to the last: one signature check, and the
// entries stream into a SerialTable.
//
// The parser is ours: total over any input, linear in its size, and holding nothing but the table. OpenSSL never gets
// the list (it would decode a million entries into objects and verify the signature again in each handshake).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/octet_source.h"
#include "revocation/crl_parser.h"
#include "revocation/issuer_key.h"
#include "revocation/revocation_set.h"
#include "revocation/serial_table.h"
#include "x509/certificate.h"

namespace symbolon::revocation {

struct CrlFile {
  x509::Certificate issuer;
  IssuerKey issuer_key;
  UnixSeconds this_update;
  UnixSeconds next_update;
  std::optional<Bytes> number;       // cRLNumber, magnitude octets
  std::optional<Bytes> base_number;  // a delta CRL: to this full one or a later one (RFC 5280 §5.2.4)
  Coverage coverage = {};            // its scope and nextUpdate
  SerialTable entries = {};          // sorted, as the next two
  SerialTable on_hold = {};          // those of `entries` with certificateHold
  SerialTable removed = {};          // of a delta: removeFromCRL, and so not among `entries`
  // Entries left out: negative or longer than 20 octets, so no certificate that we take has them.
  std::size_t impossible = 0;

  bool is_delta() const { return base_number.has_value(); }
};

// How far thisUpdate may lie ahead: clocks differ.
inline constexpr Seconds kCrlClockTolerance{300};

// Whether one whose nextUpdate has passed is read all the same, for who goes on to look at its dates.
enum class StaleCrl : std::uint8_t { refuse, take };

struct CrlReading {
  UnixSeconds now;
  StaleCrl stale = StaleCrl::refuse;
  Deltas deltas = Deltas::refuse;
};

// Every CRL of a file: one in DER, or all PEM blocks with the label "X509 CRL". `issuers`: certificates whose CRLs are
// accepted; an issuer is found by name and key (the key that verifies), authorityKeyIdentifier decides whom to try
// first. Holds no more than the tables, what sorting one needs, and the octets of a list that is signed with Ed25519.
// Fails as the source does, or, each time with the octet (of the DER) or the certificate in the words, with:
//   crl_malformed, pem_malformed    not DER, not version 1 or 2, trailing octets, wrong order, a serial that is not DER
//   crl_wrong_issuer                no issuer has its name
//   crl_issuer_may_not_sign         keyUsage without cRLSign
//   crl_bad_signature               no issuer of its name verifies it, or it is signed with MD5 or SHA-1
//   crl_unknown_critical_extension  of the CRL or of an entry; also a delta CRL, unless `deltas` says to take it
//   crl_indirect                    indirectCRL, or an entry with certificateIssuer
//   crl_not_yet_valid, crl_stale    thisUpdate beyond `now` and the tolerance, nextUpdate before `now`
// (RSASSA-PSS is taken with SHA-256, SHA-384 or SHA-512, the same in MGF1.)
Result<std::vector<CrlFile>> read_crls(OctetSource& der_or_pem, const std::vector<x509::Certificate>& issuers,
                                       const CrlReading& reading);
// The only one that is there; fails with crl_malformed where there are several.
Result<CrlFile> read_crl(ByteView der_or_pem, const std::vector<x509::Certificate>& issuers, UnixSeconds now,
                         StaleCrl stale = StaleCrl::refuse);

}  // namespace symbolon::revocation
