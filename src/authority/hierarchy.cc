#include "authority/hierarchy.h"

#include <algorithm>
#include <memory>

#include "authority/apply_profile.h"
#include "authority/issuance.h"
#include "ledger/serial_allocator.h"
#include "x509/lint.h"

namespace symbolon::authority {
namespace {

Status check_lifetime(Seconds lifetime) {
  if (lifetime >= kLeastCaLifetime) return {};
  return fail(Code::lifetime_not_allowed, "{}; a CA lives {} at least", to_text(lifetime), to_text(kLeastCaLifetime));
}

}  // namespace

Status check_ca_life(Seconds lifetime, const Issuer& parent, UnixSeconds now) {
  TRY(check_lifetime(lifetime));
  const UnixSeconds end = parent.certificate.validity().not_after;
  if (now > end || end - now >= kLeastCaLifetime) return {};
  return fail(Code::issuer_life_too_short, "the CA '{}' ends {}", parent.name, to_rfc3339(end));
}

Result<Issuer> enter_ca(ledger::Ledger& ledger, const CaOptions& options, x509::Certificate certificate,
                        std::unique_ptr<crypto::Signer> signer) {
  const ledger::IssuerId id = TRY(ledger.add_issuer({.name = options.name,
                                                     .certificate = to_bytes(certificate.der()),
                                                     .key_reference = options.name + ".key",
                                                     .actor = options.actor}));
  return Issuer{.id = id,
                .name = options.name,
                .certificate = std::move(certificate),
                .signer = std::shared_ptr<const crypto::Signer>(std::move(signer))};
}

Result<Issuer> make_root(ledger::Ledger& ledger, const Clock& clock, crypto::PrivateKey key, const CaOptions& options) {
  TRY(check_lifetime(options.lifetime));
  auto signer = TRY(crypto::make_signer(std::move(key)));
  const crypto::PublicKey& public_key = signer->public_key();
  const UnixSeconds now = clock.now();
  const x509::CertificateTemplate content{
      .serial = ledger::SerialAllocator(ledger.instance_prefix()).draw(),
      .issuer = options.subject,
      .subject = options.subject,
      .validity = {.not_before = now - IssuanceOptions().backdate, .not_after = now + options.lifetime},
      .public_key = public_key,
      .ca = true,
      .key_usage = x509::key_cert_sign | x509::crl_sign};
  const ByteView algorithm = signer->algorithm_identifier();
  const Bytes tbs = TRY(x509::encode_tbs(content, algorithm));
  const x509::LintRules rules{.kind = x509::LintKind::root,
                              .algorithm_identifier = algorithm,
                              .key = &public_key,
                              .key_usage = content.key_usage};
  if (const auto findings = x509::lint_tbs(tbs, rules); !findings.empty()) {
    return std::unexpected(lint_error(findings));
  }
  // A root has no issuer in the ledger whose intent it could be: its bytes are noted instead.
  TRY(ledger.note({.actor = options.actor,
                   .action = "make_root",
                   .details = fmt::format(R"({{"serial":"{}","tbs":"{}"}})", content.serial.hex(), to_base64(tbs))}));
  const Bytes signature = TRY(signer->sign(tbs));
  if (!crypto::verify_signature(public_key, algorithm, tbs, signature)) {
    return fail(Code::crypto_failed, "the signature just made does not verify");
  }
  auto certificate = TRY(x509::Certificate::from_der(x509::assemble_certificate(tbs, algorithm, signature)));
  return enter_ca(ledger, options, std::move(certificate), std::move(signer));
}

Result<Issuer> make_issuing_ca(ledger::Ledger& ledger, const Clock& clock, const Issuer& parent, crypto::PrivateKey key,
                               const CaOptions& options) {
  TRY(check_ca_life(options.lifetime, parent, clock.now()));
  auto signer = TRY(crypto::make_signer(std::move(key)));
  Issuance issuance(ledger, clock, std::make_shared<ProfileSet>(),
                    std::make_shared<IssuerSet>(IssuerSet{.issuers = {parent}}));
  const IssuedCertificate issued = TRY(issuance.issue_ca({.key = signer->public_key(),
                                                          .subject = options.subject,
                                                          .lifetime = options.lifetime,
                                                          .name_constraints = options.name_constraints,
                                                          .issuer = parent.name,
                                                          .requester = options.actor}));
  auto certificate = TRY(x509::Certificate::from_der(issued.der()));
  return enter_ca(ledger, options, std::move(certificate), std::move(signer));
}

Result<x509::DistinguishedName> ca_subject(std::string_view organization, std::string_view role, int number) {
  std::string common_name = fmt::format("{} {}", organization, role);
  if (number > 1) common_name += fmt::format(" {}", number);
  return x509::DistinguishedName::from_attributes({{"O", std::string(organization)}, {"CN", std::move(common_name)}});
}

std::string free_issuer_name(std::string_view base, const std::vector<ledger::Issuer>& taken) {
  std::string name(base);
  for (int number = 2; std::ranges::find(taken, name, &ledger::Issuer::name) != taken.end(); ++number) {
    name = fmt::format("{}-{}", base, number);
  }
  return name;
}

}  // namespace symbolon::authority
