// Certificate revocation lists (RFC 5280 §5), read once: one signature check, then the entries stream into a
// SerialTable.
//
// The parser is ours: total over any input, linear in its size, and holding nothing but the table. OpenSSL never gets
// the list (it would decode a million entries into objects and verify the signature again in each handshake).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
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
  std::optional<Bytes> number;  // cRLNumber, magnitude octets
  Coverage coverage = {};       // its scope and nextUpdate
  SerialTable entries = {};     // sorted
  std::size_t impossible =
      0;  // entries left out: negative or longer than 20 octets, so no certificate that we take has them
};

// One CRL, DER or one PEM block ("X509 CRL"). `issuers`: certificates whose CRLs are accepted; the issuer is found by
// name and key (the key that verifies), authorityKeyIdentifier decides whom to try first. Fails, each time with the
// octet (of the DER) or the certificate in the words:
//   crl_malformed, pem_malformed      not DER, not version 1 or 2, trailing octets, wrong order, a serial that cannot
//   be crl_wrong_issuer                  no issuer has its name crl_issuer_may_not_sign           keyUsage without
//   cRLSign crl_bad_signature                 no issuer of its name verifies it, or it is signed with MD5 or SHA-1
//   crl_unknown_critical_extension    of the CRL or of an entry; also delta CRLs, which are not taken yet
//   crl_indirect                      indirectCRL, or an entry with certificateIssuer
//   crl_not_yet_valid, crl_stale      thisUpdate after `now`, nextUpdate before `now`
// (RSASSA-PSS is taken with SHA-256, SHA-384 or SHA-512, the same in MGF1.)
// `stale`: whether one whose nextUpdate has passed is read all the same, for who goes on to look at its dates.
enum class StaleCrl : std::uint8_t { refuse, take };
Result<CrlFile> read_crl(ByteView der_or_pem, const std::vector<x509::Certificate>& issuers, UnixSeconds now,
                         StaleCrl stale = StaleCrl::refuse);

// The CRLs of a file: every PEM block of theirs, or the one in DER. Fails with pem_malformed.
Result<std::vector<Bytes>> split_crls(std::string_view content);

}  // namespace symbolon::revocation
