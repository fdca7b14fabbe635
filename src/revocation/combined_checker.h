// Several sources of revocations as one: whatever one of them holds against a certificate counts.
#pragma once

#include <memory>
#include <vector>

#include "x509/revocation_checker.h"

namespace symbolon::revocation {

// Revoked when one says so; else unknown when one says so, with its words; else good. Thread-safe as its parts are.
class CombinedChecker final : public x509::RevocationChecker {
 public:
  explicit CombinedChecker(std::vector<std::shared_ptr<const x509::RevocationChecker>> parts);  // none of them null

  Answer check(const x509::Certificate& issuer, const x509::SerialNumber& serial, UnixSeconds at) const override;
  Answer check_certificate(const x509::Certificate& issuer, const x509::Certificate& subject,
                           UnixSeconds at) const override;
  Answer check_pinned(const x509::Certificate& subject, UnixSeconds at) const override;
  std::uint64_t generation() const override;  // the sum of theirs

 private:
  std::vector<std::shared_ptr<const x509::RevocationChecker>> parts_;
};

}  // namespace symbolon::revocation
