#include "authority/issuance.h"

#include <algorithm>

#include "authority/apply_profile.h"
#include "x509/pem.h"

namespace symbolon::authority {
namespace {

// A line each, as the ledger keeps them.
std::string to_lines(const std::vector<std::string>& notes) {
  std::string out;
  for (std::string note : notes) {
    std::ranges::replace(note, '\n', ' ');
    out += (out.empty() ? "" : "\n") + note;
  }
  return out;
}

}  // namespace

IssuedCertificate::IssuedCertificate(LintedCertificate linted, ledger::CertificateId id, Bytes der)
    : linted_(std::move(linted)), id_(id), der_(std::move(der)), fingerprint_{crypto::sha256(der_)} {}

std::string IssuedCertificate::pem() const { return x509::encode_pem("CERTIFICATE", der_); }

Issuance::Issuance(ledger::Ledger& ledger, const Clock& clock, std::shared_ptr<const ProfileSet> profiles,
                   std::shared_ptr<const IssuerSet> issuers, IssuanceOptions options)
    : ledger_(ledger),
      clock_(clock),
      serials_(ledger.instance_prefix()),
      profiles_(std::move(profiles)),
      issuers_(std::move(issuers)),
      options_(std::move(options)) {}

Result<IssuedCertificate> Issuance::issue(const IssueRequest& request) { return finish(TRY(prepare(request))); }
Result<IssuedCertificate> Issuance::issue_ca(const CaRequest& request) { return finish(TRY(prepare_ca(request))); }

Result<IssuedCertificate> Issuance::finish(LintedCertificate&& linted) {
  passed(IssuanceStep::linted);
  ReservedCertificate reserved = TRY(reserve(std::move(linted)));
  passed(IssuanceStep::reserved);
  SignedCertificate signature_made = TRY(sign(std::move(reserved)));
  passed(IssuanceStep::signature_made);
  Result<IssuedCertificate> issued = complete(std::move(signature_made));
  if (issued) passed(IssuanceStep::completed);
  return issued;
}

Result<LintedCertificate> Issuance::prepare(const IssueRequest& request) const {
  const UnixSeconds now = clock_.now();
  const auto issuers = this->issuers();
  const Profile& profile = *TRY(find_profile(*profiles_, request.profile));
  const Issuer& issuer = *TRY(select(*issuers, request.issuer));
  const IssueTime time{.now = now, .backdate = options_.backdate};
  AppliedProfile applied = TRY(apply_profile(profile, request, issuer, time, serials_.draw()));
  CrlUrls crls = crl_urls_of(profile, issuer, options_.crls, applied.content.serial);
  applied.content.crl_url = std::move(crls.distribution_point);
  applied.content.freshest_crl_url = std::move(crls.freshest);
  applied.content.ocsp_url = ocsp_url_of(profile, issuer, options_.ocsp_url);
  LintedCertificate out(issuers, issuer, std::move(applied.content));
  out.requester_ = request.requester;
  out.notes_ = std::move(applied.notes);
  out.repeatable_ = request.repeatable;
  if (out.repeatable_) out.repeatable_->notes = to_lines(out.notes_);
  const std::vector<x509::Certificate> above = issuer.above();
  TRY(encode_and_lint(out, {.kind = x509::LintKind::leaf,
                            .algorithm_identifier = issuer.signer->algorithm_identifier(),
                            .issuer = &issuer.certificate,
                            .above = above,
                            .key = &out.content_.public_key,
                            .key_usage = out.content_.key_usage,
                            .extended_key_usage = profile.extended_key_usage,
                            .least_names = profile.least_names,
                            .svid = profile.svid,
                            .crl_url = out.content_.crl_url,
                            .freshest_crl_url = out.content_.freshest_crl_url,
                            .ocsp_url = out.content_.ocsp_url,
                            .profile = profile.name}));
  return out;
}

Result<LintedCertificate> Issuance::prepare_ca(const CaRequest& request) const {
  const UnixSeconds now = clock_.now();
  const auto issuers = this->issuers();
  const Issuer& issuer = *TRY(select(*issuers, request.issuer));
  const x509::Validity& bounds = issuer.certificate.validity();
  constexpr std::uint16_t kUsage = x509::key_cert_sign | x509::crl_sign;
  LintedCertificate out(issuers, issuer,
                        {.serial = serials_.draw(),
                         .issuer = issuer.certificate.subject(),
                         .subject = request.subject,
                         .validity = {.not_before = std::max(now - options_.backdate, bounds.not_before),
                                      .not_after = std::min(now + request.lifetime, bounds.not_after)},
                         .public_key = request.key,
                         .ca = true,
                         .path_length = 0,
                         .key_usage = kUsage,
                         .authority_key_identifier = key_identifier_of(issuer.certificate),
                         .name_constraints = request.name_constraints});
  out.requester_ = request.requester;
  if (now + request.lifetime > bounds.not_after) {
    out.notes_.push_back(fmt::format("it ends with its CA, {}", to_rfc3339(bounds.not_after)));
  }
  const std::vector<x509::Certificate> above = issuer.above();
  TRY(encode_and_lint(out, {.kind = x509::LintKind::issuing_ca,
                            .algorithm_identifier = issuer.signer->algorithm_identifier(),
                            .issuer = &issuer.certificate,
                            .above = above,
                            .key = &out.content_.public_key,
                            .key_usage = kUsage}));
  return out;
}

Result<const Issuer*> Issuance::select(const IssuerSet& issuers, const std::optional<std::string>& name) const {
  auto selected = issuers.select(name, clock_.now());
  if (selected || selected.error().code != Code::ca_not_yet_valid) return selected;
  // A clock that was set back is to blame for a CA of the future, and tells more.
  const ledger::LedgerStatus status = TRY(ledger_.status());
  if (status.clock_set_back) return fail(Code::clock_set_back, "{}", selected.error().words);
  return selected;
}

Status Issuance::encode_and_lint(LintedCertificate& certificate, const x509::LintRules& rules) const {
  certificate.tbs_ = TRY(x509::encode_tbs(certificate.content_, rules.algorithm_identifier));
  if (const auto findings = x509::lint_tbs(certificate.tbs_, rules); !findings.empty()) {
    return std::unexpected(lint_error(findings));
  }
  return {};
}

Result<ReservedCertificate> Issuance::reserve(LintedCertificate&& linted) {
  if (options_.may_issue) TRY(options_.may_issue());
  const x509::CertificateTemplate& content = linted.content_;
  const ledger::IntentId intent =
      TRY(ledger_.reserve({.issuer = linted.issuer_->id,
                           .serial = content.serial,
                           .tbs = linted.tbs_,
                           .profile = content.ca ? std::string(kCaProfile) : content.profile.value_or(""),
                           .requester = linted.requester_,
                           .subject = content.subject.text(),
                           .names = ledger::subject_names(content.subject_alt_names),
                           .validity = content.validity,
                           .spki_sha256 = content.public_key.spki_sha256(),
                           .repeatable = linted.repeatable_}));
  return ReservedCertificate(std::move(linted), intent);
}

Result<SignedCertificate> Issuance::sign(ReservedCertificate&& reserved) {
  const LintedCertificate& linted = reserved.linted_;
  const auto signature = linted.issuer_->signer->sign(linted.tbs_);
  // One that did not answer may have signed: the intent stays reserved, and the same request resumes it. Else no
  // signature exists, so none can come out. That the note of it fails as well changes nothing: the intent stays.
  if (!signature && signature.error().code != Code::signer_unreachable) {
    static_cast<void>(ledger_.abandon(reserved.intent_, signature.error().text()));
  }
  if (!signature) return std::unexpected(signature.error());
  Bytes der = TRY(verified(*linted.issuer_, linted.tbs_, *signature));
  return SignedCertificate(std::move(reserved), std::move(der));
}

// A fault in the arithmetic (a bad core, an attack) would give away an RSA or ECDSA key with the wrong signature.
Result<Bytes> Issuance::verified(const Issuer& issuer, ByteView tbs, ByteView signature) {
  const crypto::Signer& signer = *issuer.signer;
  const ByteView algorithm = signer.algorithm_identifier();
  if (!crypto::verify_signature(signer.public_key(), algorithm, tbs, signature)) {
    return fail(Code::crypto_failed, "the signature just made does not verify; it was thrown away");
  }
  return x509::assemble_certificate(tbs, algorithm, signature);
}

Result<SignedCertificate> Issuance::take_signature(ReservedCertificate&& reserved, ByteView signature) {
  const LintedCertificate& linted = reserved.linted_;
  const crypto::Signer& signer = *linted.issuer_->signer;
  if (!crypto::verify_signature(signer.public_key(), signer.algorithm_identifier(), linted.tbs_, signature)) {
    return fail(Code::request_bad_signature, "it is not the signature of {}", linted.issuer_->certificate.text());
  }
  Bytes der = x509::assemble_certificate(linted.tbs_, signer.algorithm_identifier(), signature);
  return SignedCertificate(std::move(reserved), std::move(der));
}

Status Issuance::resume(const ledger::CertificateRecord& reserved) {
  if (options_.may_issue) TRY(options_.may_issue());
  const auto issuers = this->issuers();
  const Issuer* const issuer = issuers->find(reserved.issuer);
  if (issuer == nullptr) return fail(Code::issuer_unknown, "the CA of serial {}", reserved.serial.hex());
  TRY(issuers->select(issuer->name, clock_.now()));  // not one that is revoked or over by now
  const Bytes tbs = TRY(ledger_.reserved_tbs(reserved.id));
  // Whoever refuses now may have signed before: it is not given up.
  const Bytes signature = TRY(issuer->signer->sign(tbs));
  Bytes der = TRY(verified(*issuer, tbs, signature));
  TRY(ledger_.complete({.intent = reserved.id, .certificate = std::move(der)}));
  return {};
}

Result<IssuedCertificate> Issuance::complete(SignedCertificate&& certificate) {
  const ledger::IntentId intent = certificate.reserved_.intent_;
  const ledger::CertificateId id = TRY(ledger_.complete({.intent = intent, .certificate = certificate.der_}));
  return IssuedCertificate(std::move(certificate.reserved_.linted_), id, std::move(certificate.der_));
}

void Issuance::use(std::shared_ptr<const IssuerSet> issuers) {
  const std::lock_guard lock(mutex_);
  issuers_ = std::move(issuers);
}

std::shared_ptr<const IssuerSet> Issuance::issuers() const {
  const std::lock_guard lock(mutex_);
  return issuers_;
}

void Issuance::passed(IssuanceStep step) const {
  if (options_.after_step) options_.after_step(step);
}

Error lint_error(const std::vector<x509::Finding>& findings) {
  ENSURE(!findings.empty());
  const x509::Finding& first = findings.front();
  std::string words = fmt::format("{}: {}", row(first.code).sentence, first.words);
  if (findings.size() > 1) words += fmt::format(" (and {} more)", findings.size() - 1);
  return {.code = first.code, .words = std::move(words)};
}

}  // namespace symbolon::authority
