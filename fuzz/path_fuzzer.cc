// Whatever certificates are presented, and whatever is trusted: verification ends, within its bounds, and a path that
// it calls valid leads from the leaf to an anchor.
//
// Input: one octet of options (bits: server, strict, 0x0c >> 2 how many of the certificates are anchors, at least one),
// then certificates, each as two octets of length and DER. What is no certificate is left out.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "x509/path_verification.h"

namespace {

using namespace symbolon;

std::vector<x509::Certificate> certificates_in(ByteView input) {
  std::vector<x509::Certificate> out;
  while (input.size() > 2) {
    const std::size_t wanted = static_cast<std::size_t>(input[0]) << 8 | input[1];
    input = input.subspan(2);
    const std::size_t length = std::min(wanted, input.size());
    if (auto certificate = x509::Certificate::from_der(input.first(length))) out.push_back(std::move(*certificate));
    input = input.subspan(length);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr UnixSeconds kNow{1'800'000'000};
  std::vector<x509::Certificate> all = certificates_in(ByteView(data, size).subspan(1));
  const std::size_t anchors = std::min<std::size_t>(((data[0] & 0x0cU) >> 2) + 1, all.size());
  const auto split = all.begin() + static_cast<std::ptrdiff_t>(anchors);
  const auto trust = x509::TrustBundle::for_report({all.begin(), split}, kNow, "fuzz");
  if (!trust) return 0;
  const std::vector<x509::Certificate> presented(split, all.end());
  const x509::PathOptions options{
      .at = kNow,
      .role = (data[0] & 1U) != 0 ? PeerRole::server : PeerRole::client,
      .check = (data[0] & 2U) != 0 ? x509::PathCheck::strict : x509::PathCheck::rfc5280,
  };
  const auto result = x509::verify_path(presented, *trust, options);
  const x509::PathStats& stats = result ? result->stats : result.error().stats;
  ENSURE(stats.candidates <= x509::PathLimits::kCandidates);
  ENSURE(stats.signature_checks <= x509::PathLimits::kSignatureChecks);
  if (result) {
    ENSURE(result->leaf() == presented.front());
    ENSURE(trust->contains(result->anchor()));
    ENSURE(result->certificates.size() <= x509::PathLimits::kCertificates);
    ENSURE(result->earliest_not_after >= kNow);
  } else {
    ENSURE(result.error().code == certificate_code(options.role, result.error().problem));
    ENSURE(result.error().path.size() <= x509::PathLimits::kCertificates);
    ENSURE(result.error().index < std::max<std::size_t>(result.error().path.size(), 1));
  }
  return 0;
}
