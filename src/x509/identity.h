// Who a certificate says its holder is: what access rules match, records show and backends are told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "x509/certificate.h"

namespace symbolon::x509 {

struct Identity {
  std::vector<std::string> common_names;          // CN, in order
  std::vector<std::string> organizational_units;  // OU
  std::vector<std::string> organizations;         // O
  std::vector<std::string> dns;                   // subjectAltName, lower-cased
  std::vector<std::string> uris;
  std::vector<std::string> emails;
  std::vector<Bytes> ips;                   // 4 or 16 octets
  std::vector<std::string> subject_emails;  // emailAddress of the subject: never allows, but denies
  std::string subject;                      // RFC 4514
  DistinguishedName issuer;
  SerialNumber serial;
  Fingerprint fingerprint;
  crypto::Sha256 spki_sha256{};
  std::optional<std::string> profile;

  // What a person would call it: the SPIFFE URI, else the first e-mail, DNS name or CN, else the subject, else the
  // serial.
  std::string text() const;
};

Identity identity_of(const Certificate& certificate);

}  // namespace symbolon::x509
