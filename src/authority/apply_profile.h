// From a request and a profile to what the certificate shall say. Pure: no clock, no ledger, no key of a CA.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "authority/crl_part.h"
#include "authority/issue_request.h"
#include "authority/issuer.h"
#include "authority/profile.h"
#include "base/clock.h"
#include "base/error.h"
#include "x509/certificate_template.h"

namespace symbolon::authority {

struct IssueTime {
  UnixSeconds now;
  Seconds backdate;  // notBefore lies this long before now, but not before the issuer's own
};

struct AppliedProfile {
  x509::CertificateTemplate content;  // with the serial that was given
  std::vector<std::string> notes;     // what was decided, for the requester
};

// Fails with key_weak, key_type_not_allowed, name_not_allowed, name_malformed, name_missing, extension_not_allowed,
// lifetime_not_allowed, issuer_life_too_short, ca_expired.
Result<AppliedProfile> apply_profile(const Profile& profile, const IssueRequest& request, const Issuer& issuer,
                                     const IssueTime& time, const x509::SerialNumber& serial);

// What a profile makes of a key and of a common name; intent_check.h holds against it what was reserved.
std::uint16_t key_usage_of(const Profile& profile, const crypto::PublicKey& key);
Result<x509::DistinguishedName> subject_of(const Profile& profile, const std::optional<std::string>& common_name);

// What the certificate of this profile, CA and serial says of CRLs.
struct CrlUrls {
  // cRLDistributionPoints: URL/NAME.crl, or that of its shard. Empty: none, because there is no `url`, the profile does
  // not want one, its certificates say that nobody is to ask (noRevAvail, nocheck), or the CA may not sign one.
  std::string distribution_point = {};
  // freshestCRL: that of the delta CRL, where there is one. Empty in a shard's certificate, too: RFC 5280 §5.2.4 wants
  // "the same scope", and the delta CRL goes with the full one.
  std::string freshest = {};
};
CrlUrls crl_urls_of(const Profile& profile, const Issuer& issuer, const CrlPlaces& places,
                    const x509::SerialNumber& serial);

// The OCSP responder that they name: `url` as it is, for all CAs, since a request says which one it means. Empty: none,
// for the same reasons, or because the CA may certify no responder.
std::string ocsp_url_of(const Profile& profile, const Issuer& issuer, std::string_view url);
// Not where the CA, or one above it, has purposes of its own and OCSPSigning is not among them (RFC 6960 §4.2.2.2).
bool may_certify_responders(const Issuer& issuer);

// The subjectKeyIdentifier that goes into authorityKeyIdentifier of what this CA issues.
Bytes key_identifier_of(const x509::Certificate& issuer);

}  // namespace symbolon::authority
