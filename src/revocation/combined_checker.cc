#include "revocation/combined_checker.h"

#include "base/error.h"

namespace symbolon::revocation {
namespace {

using x509::RevocationChecker;

template <typename Parts, typename Ask>
RevocationChecker::Answer worst_of(const Parts& parts, Ask ask) {
  RevocationChecker::Answer out{RevocationChecker::Status::good};
  for (const auto& part : parts) {
    RevocationChecker::Answer answer = ask(*part);
    if (answer.status == RevocationChecker::Status::revoked) return answer;
    if (answer.status == RevocationChecker::Status::unknown && out.status == RevocationChecker::Status::good)
      out = std::move(answer);
  }
  return out;
}

}  // namespace

CombinedChecker::CombinedChecker(std::vector<std::shared_ptr<const RevocationChecker>> parts)
    : parts_(std::move(parts)) {
  for (const auto& part : parts_) ENSURE(part != nullptr);
}

CombinedChecker::Answer CombinedChecker::check(const x509::Certificate& issuer, const x509::SerialNumber& serial,
                                               UnixSeconds at) const {
  return worst_of(parts_, [&](const RevocationChecker& part) { return part.check(issuer, serial, at); });
}

CombinedChecker::Answer CombinedChecker::check_certificate(const x509::Certificate& issuer,
                                                           const x509::Certificate& subject, UnixSeconds at) const {
  return worst_of(parts_, [&](const RevocationChecker& part) { return part.check_certificate(issuer, subject, at); });
}

CombinedChecker::Answer CombinedChecker::check_pinned(const x509::Certificate& subject, UnixSeconds at) const {
  return worst_of(parts_, [&](const RevocationChecker& part) { return part.check_pinned(subject, at); });
}

std::uint64_t CombinedChecker::generation() const {
  std::uint64_t out = 0;
  for (const auto& part : parts_) out += part->generation();
  return out;
}

}  // namespace symbolon::revocation
