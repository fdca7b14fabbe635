#include "enroll/root_signature.h"

#include <algorithm>

#include "x509/certificate_template.h"
#include "x509/lint.h"
#include "x509/name_constraints.h"
#include "x509/tbs_reader.h"

namespace symbolon::enroll {
namespace {

constexpr std::string_view kNameConstraintsOid = "2.5.29.30";

// Octets of the extension's value; none: no extension.
Bytes constraints_in(ByteView tbs) {
  const auto fields = x509::read_tbs(tbs);
  ENSURE(fields.has_value());  // the lint read it
  const auto found = std::ranges::find(fields->extensions, kNameConstraintsOid, &x509::TbsExtension::oid);
  return found == fields->extensions.end() ? Bytes() : to_bytes(found->value);
}

Result<std::optional<crypto::KeyType>> key_type_of(const api::NewIssuerRequest& wish, const x509::Certificate& root) {
  if (!wish.key_type) return root.public_key().type();
  const auto type = crypto::key_type_from_name(*wish.key_type);
  if (!type) return fail(Code::bad_request, "'{}' is not a type of key", *wish.key_type);
  return type;
}

// The root's organization; a root without one gives its common name for it.
std::vector<std::string> organization_of(const x509::Certificate& root) {
  std::vector<std::string> own = root.subject().values("O");
  if (own.empty()) own.push_back(root.subject().common_name().value_or(""));
  own.resize(1);
  return own;
}

Status check_wish(const api::NewIssuerRequest& wish, const x509::Certificate& ca, ByteView tbs, UnixSeconds now) {
  const auto constraints = TRY(x509::NameConstraints::parse(wish.permit, wish.exclude));
  if (constraints_in(tbs) != (constraints.empty() ? Bytes() : x509::encode(constraints))) {
    return fail(Code::bad_request, "the authority asks to sign {} with other name constraints than were asked for",
                ca.text());
  }
  const UnixSeconds latest = now + wish.lifetime.value_or(api::kIssuerLifetime) + kAuthorityClockAhead;
  if (ca.validity().not_after > latest) {
    return fail(Code::bad_request, "the authority asks to sign {} until {}; what was asked for ends {}", ca.text(),
                to_rfc3339(ca.validity().not_after), to_rfc3339(latest));
  }
  return {};
}

Status check(const IssuerToSign& issuer, const x509::Certificate& root, const x509::Certificate& ca) {
  const api::NewIssuerAnswer& answer = issuer.answer;
  if (ca.subject().text() != answer.subject || ca.serial().hex() != answer.serial) {
    return fail(Code::bad_request, "the authority asks to sign {}, and calls it {}", ca.text(), answer.subject);
  }
  if (ca.subject().values("O") != organization_of(root)) {
    return fail(Code::bad_request, "the authority asks to sign {}, which is of another organization than {}", ca.text(),
                root.text());
  }
  const auto type = TRY(key_type_of(issuer.wish, root)).value_or(crypto::KeyType::p256);
  if (ca.public_key().type() != type) {
    return fail(Code::bad_request, "the authority asks to sign {} with the key {}; {} was asked for", ca.text(),
                ca.public_key().description(), crypto::name(type));
  }
  return {};
}

}  // namespace

Result<std::string> sign_issuer(const IssuerToSign& issuer, const x509::Certificate& root, crypto::PrivateKey key,
                                UnixSeconds now) {
  if (!key.belongs_to(root.public_key())) return fail(Code::key_mismatch, "it is not the key of {}", root.text());
  if (!root.self_signed()) return fail(Code::bad_request, "{} is not signed by its own key", root.text());
  const Bytes tbs = TRY(from_base64(issuer.answer.to_be_signed));
  const auto signer = TRY(crypto::make_signer(std::move(key)));
  const ByteView algorithm = signer->algorithm_identifier();
  const auto ca = TRY(x509::Certificate::from_der(x509::assemble_certificate(tbs, algorithm, {})));
  const crypto::PublicKey& ca_key = ca.public_key();
  const auto findings = x509::lint_tbs(tbs, {.kind = x509::LintKind::issuing_ca,
                                             .algorithm_identifier = algorithm,
                                             .issuer = &root,
                                             .key = &ca_key,
                                             .key_usage = x509::key_cert_sign | x509::crl_sign});
  if (!findings.empty()) return std::unexpected(Error{findings.front().code, findings.front().words});
  TRY(check(issuer, root, ca));
  TRY(check_wish(issuer.wish, ca, tbs, now));
  return to_base64(TRY(signer->sign(tbs)));
}

}  // namespace symbolon::enroll
