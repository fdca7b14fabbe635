#include "enroll/root_signature.h"

#include "x509/certificate_template.h"
#include "x509/lint.h"

namespace symbolon::enroll {

Result<std::string> sign_issuer(const api::NewIssuerAnswer& asked, const x509::Certificate& root,
                                crypto::PrivateKey key) {
  if (!key.belongs_to(root.public_key())) return fail(Code::key_mismatch, "it is not the key of {}", root.text());
  const Bytes tbs = TRY(from_base64(asked.to_be_signed));
  const auto signer = TRY(crypto::make_signer(std::move(key)));
  const ByteView algorithm = signer->algorithm_identifier();
  const auto ca = TRY(x509::Certificate::from_der(x509::assemble_certificate(tbs, algorithm, {})));
  const crypto::PublicKey ca_key = ca.public_key();
  const auto findings = x509::lint_tbs(tbs, {.kind = x509::LintKind::issuing_ca,
                                             .algorithm_identifier = algorithm,
                                             .issuer = &root,
                                             .key = &ca_key,
                                             .key_usage = x509::key_cert_sign | x509::crl_sign});
  if (!findings.empty()) return std::unexpected(Error{findings.front().code, findings.front().words});
  if (ca.subject().text() != asked.subject || ca.serial().hex() != asked.serial) {
    return fail(Code::bad_request, "the authority asks to sign {}, and calls it {}", ca.text(), asked.subject);
  }
  return to_base64(TRY(signer->sign(tbs)));
}

}  // namespace symbolon::enroll
