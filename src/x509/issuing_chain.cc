#include "x509/issuing_chain.h"

#include <algorithm>

#include "x509/path_library.h"
#include "x509/path_verification.h"

namespace symbolon::x509 {
namespace {

constexpr std::size_t kMostTried = 8;  // issuers of one name

bool names_its_key(const Certificate& subject, const Certificate& issuer) {
  const auto& claimed = subject.authority_key_identifier();
  return claimed && claimed == issuer.subject_key_identifier();
}

}  // namespace

std::vector<Certificate> issuing_chain(const Certificate& subject, const std::vector<Certificate>& others) {
  std::vector<Certificate> chain{subject};
  while (chain.size() < PathLimits::kCertificates && !chain.back().self_signed()) {
    const Certificate below = chain.back();
    std::vector<Certificate> candidates;
    std::ranges::copy_if(others, std::back_inserter(candidates), [&](const Certificate& one) {
      return one.subject() == below.issuer() && std::ranges::find(chain, one) == chain.end();
    });
    std::ranges::partition(candidates, [&](const Certificate& one) { return names_its_key(below, one); });
    if (candidates.size() > kMostTried) candidates.resize(kMostTried, below);
    const auto issuer = std::ranges::find_if(candidates, [&](const Certificate& one) { return signed_by(below, one); });
    if (issuer == candidates.end()) break;
    chain.push_back(*issuer);
  }
  return chain;
}

}  // namespace symbolon::x509
