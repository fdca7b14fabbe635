// Whatever stands where a TBSCertificate should: the lint ends without a crash, speaks only in its own codes, and what
// it has nothing against is read by the library as a certificate that says the same.
#include <cstdint>

#include "x509/certificate_template.h"
#include "x509/lint.h"

namespace {

const symbolon::Bytes& algorithm() {
  static const symbolon::Bytes der = *symbolon::from_hex("300a06082a8648ce3d040302");
  return der;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace symbolon;
  using x509::LintKind;
  for (const LintKind kind : {LintKind::root, LintKind::issuing_ca, LintKind::leaf}) {
    const x509::LintRules rules{.kind = kind, .algorithm_identifier = algorithm()};
    const auto findings = x509::lint_tbs({data, size}, rules);
    for (const x509::Finding& finding : findings) ENSURE(name(finding.code).starts_with("lint_"));
    if (!findings.empty()) continue;
    const auto certificate =
        x509::Certificate::from_der(x509::assemble_certificate({data, size}, algorithm(), ByteView(data, 1)));
    ENSURE(certificate.has_value());
    ENSURE(certificate->malformed().empty());
    ENSURE(certificate->is_ca() == (kind != LintKind::leaf));
    ENSURE(certificate->version() == 3);
  }
  return 0;
}
