// The certificates that a route (or a command) trusts: RFC 5280 §6.1.1 (d), trust anchor information.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/finding.h"

namespace symbolon::x509 {

// Octets of the encoded list of CA names in a CertificateRequest (RFC 8446 §4.2.4: 2^16-1 at most). Above the first
// figure common clients begin to fail, which is worth a warning; a server that would send more than the second does not
// start.
inline constexpr std::size_t kManyCaNameOctets = 16 * 1024;
inline constexpr std::size_t kMostCaNameOctets = 32 * 1024;

// Immutable; share it as std::shared_ptr<const TrustBundle>. Every certificate of it may be an anchor: a root, an
// issuing CA (a path may end there), or a leaf that is trusted itself ("pinned").
class TrustBundle {
 public:
  // `where` is the file, for messages; duplicates are dropped. Fails with trust_empty, with trust_unusable when a
  // certificate of it cannot be read whole or none can be an anchor, and with ca_expired when all have expired at
  // `now`. What stands beside usable ones but is of no use (expired, weak key, neither CA nor leaf) is a warning.
  static Result<TrustBundle> make(std::vector<Certificate> anchors, UnixSeconds now, std::string where);
  // PEM (any number) or one certificate in DER; also fails with pem_malformed and certificate_malformed.
  static Result<TrustBundle> from_file_content(std::string_view content, UnixSeconds now, std::string where);

  // For reports, which shall say what is wrong with a path: only an empty bundle fails (trust_empty), the rest are
  // warnings. Paths over what is unusable fail all the same.
  static Result<TrustBundle> for_report(std::vector<Certificate> anchors, UnixSeconds now, std::string where);

  const std::vector<Certificate>& anchors() const { return anchors_; }
  const std::vector<Finding>& warnings() const { return warnings_; }  // index: place in anchors()
  const std::string& where() const { return where_; }

  // Places in anchors() of those with this subject; there are several when a CA was rotated or re-signed.
  std::vector<std::size_t> with_subject(const DistinguishedName& name) const;
  bool contains(const Certificate& certificate) const;

  // What a server names in its CertificateRequest: each subject once, in order; and how many octets that takes there.
  const std::vector<DistinguishedName>& ca_names() const { return ca_names_; }
  std::size_t ca_name_octets() const { return ca_name_octets_; }
  Status check_ca_names() const;  // fails with ca_names_too_long
  // SHA-256 over the fingerprints, independent of their order: equal for equal bundles.
  const crypto::Sha256& identity() const { return identity_; }

 private:
  TrustBundle() = default;
  void add(std::vector<Certificate> anchors);
  void look_at_all(UnixSeconds now);

  std::vector<Certificate> anchors_;
  std::vector<Finding> warnings_;
  std::vector<DistinguishedName> ca_names_;
  std::size_t ca_name_octets_ = 0;
  std::unordered_multimap<std::string, std::size_t> by_subject_;  // canonical subject
  std::string where_;
  crypto::Sha256 identity_{};
};

}  // namespace symbolon::x509
