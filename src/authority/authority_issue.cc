// Issuing over the API: names, roles, and requests that come again.
#include "api/codec.h"
#include "authority/authority_impl.h"
#include "x509/identity.h"

namespace symbolon::authority {
namespace {

// The roles of a certificate are known before it is signed: all that rules look at, but the fingerprint, stands in it.
Result<api::Roles> roles_given(const Rights& rights, ByteView tbs, const Issuer& issuer) {
  const Bytes unsigned_der = x509::assemble_certificate(tbs, issuer.signer->algorithm_identifier(), {});
  const auto certificate = TRY(x509::Certificate::from_der(unsigned_der));
  return rights.of(x509::identity_of(certificate));
}

Status check_cover(const Requester& requester, const api::Roles& given) {
  if (requester.roles.cover(given)) return {};
  return fail(Code::forbidden, "the certificate would have the role {}; {} has: {}", given.text(), requester.text,
              requester.roles.text());
}

// All that another person must see to approve it.
std::string words_of(const LintedCertificate& linted, const api::Roles& given, UnixSeconds now) {
  const x509::CertificateTemplate& content = linted.content();
  const std::string names = x509::text(content.subject_alt_names);
  return fmt::format(
      "a certificate with the roles: {}; profile '{}', for {}, from the CA '{}', SHA-256 of its key {}, "
      "subject {}, names: {}",
      given.text(), content.profile.value_or("none"), to_text(content.validity.not_after - now), linted.issuer().name,
      to_hex(content.public_key.spki_sha256()), content.subject.text(), names.empty() ? "none" : names);
}

// The same key of two requesters is two keys.
ledger::Repeatable repeatable_of(const api::IssueRequest& request, const Requester& requester, const std::string& key) {
  const std::string scope = requester.text + '\n' + key;
  return {.key = crypto::sha256(as_bytes(scope)), .request = crypto::sha256(as_bytes(api::encode(request)))};
}

std::vector<std::string> from_lines(const std::string& lines) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    out.push_back(lines.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

Result<IssuedCertificate> Authority::Impl::issue(const api::IssueRequest& request, const Requester& requester,
                                                 std::optional<ledger::Repeatable> repeatable) {
  const Profile& profile = *TRY(find_profile(issuance.profiles(), request.profile));
  TRY(check_approved(profile));
  RequestedNames names = TRY(read_names(profile, request.names));
  if (request.common_name && names.common_name && *request.common_name != *names.common_name) {
    return fail(Code::bad_request, "'{}' and '{}' cannot both be the common name", *request.common_name,
                *names.common_name);
  }
  if (request.common_name) names.common_name = request.common_name;
  auto csr = TRY(x509::CertificateRequest::from_file_content(request.csr));
  auto linted = TRY(issuance.prepare({.profile = request.profile,
                                      .request = std::move(csr),
                                      .names = std::move(names.names),
                                      .common_name = std::move(names.common_name),
                                      .lifetime = request.lifetime,
                                      .issuer = request.issuer,
                                      .requester = requester.text,
                                      .repeatable = std::move(repeatable)}));
  const api::Roles given = TRY(roles_given(options.rights, linted.tbs(), linted.issuer()));
  TRY(check_cover(requester, given));
  // Else one person would make the second one, or go round the CA that both put in use.
  if (given.meets({api::Role::admin, api::Role::approver}) || !linted.issuer().in_use) {
    const std::string what = words_of(linted, given, clock.now());
    TRY(need_second_person("certificate", what, api::encode(request), requester));
  }
  return issuance.finish(std::move(linted));
}

// Time has passed since it was reserved, and another configuration may hold.
Status Authority::Impl::check_resumable(const ledger::CertificateRecord& reserved, const Requester& requester) {
  const UnixSeconds now = clock.now();
  if (now > reserved.validity.not_after) {
    return fail(Code::idempotency_key_reused, "{} was not signed, and its time ended {}", reserved.serial.hex(),
                to_rfc3339(reserved.validity.not_after));
  }
  TRY(check_approved(*TRY(find_profile(issuance.profiles(), reserved.profile))));
  const auto issuers = issuance.issuers();
  const Issuer* const issuer = issuers->find(reserved.issuer);
  if (issuer == nullptr) return fail(Code::issuer_unknown, "the CA of serial {}", reserved.serial.hex());
  TRY(issuers->select(issuer->name, now));
  const Bytes tbs = TRY(state.ledger->reserved_tbs(reserved.id));
  return check_cover(requester, TRY(roles_given(options.rights, tbs, *issuer)));
}

// From the ledger, so that it is the same however often it is asked for.
Result<api::IssueAnswer> Authority::Impl::answer_again(const ledger::FirstRequest& first, const crypto::Sha256& asked,
                                                       const Requester& requester) {
  if (first.repeatable.request != asked) return fail(Code::idempotency_key_reused, "it came with another request");
  ledger::Ledger& ledger = *state.ledger;
  auto record = TRY(ledger.certificate(first.certificate));
  if (record.state == ledger::CertificateState::reserved) {
    if (record.revocation) return fail(Code::idempotency_key_reused, "{} was revoked unsigned", record.serial.hex());
    Status resumed = check_resumable(record, requester);
    if (resumed) resumed = issuance.resume(record);
    // Whatever failed: the same request may have been signed on another connection by now, and that answers both.
    record = TRY(ledger.certificate(first.certificate));
    if (record.state == ledger::CertificateState::reserved) return std::unexpected(resumed.error());
  }
  if (record.state == ledger::CertificateState::abandoned) {
    return fail(Code::idempotency_key_reused, "{} was given up: {}", record.serial.hex(), record.abandoned_because);
  }
  const auto issuers = issuance.issuers();
  const Issuer* const issuer = issuers->find(record.issuer);
  return api::IssueAnswer{.certificate = x509::encode_pem("CERTIFICATE", TRY(ledger.certificate_der(record.id))),
                          .chain = issuer != nullptr ? x509::to_pem(issuer->chain) : std::string(),
                          .root = issuer != nullptr && issuer->root ? issuer->root->pem() : std::string(),
                          .summary = summary_of(record, *issuers),
                          .notes = from_lines(first.repeatable.notes)};
}

Result<api::IssueAnswer> Authority::issue(const api::IssueRequest& request, const Requester& requester,
                                          const std::optional<std::string>& idempotency_key) {
  if (!idempotency_key) {
    const IssuedCertificate issued = TRY(impl_->issue(request, requester, std::nullopt));
    const Issuer& issuer = issued.issuer();
    return api::IssueAnswer{.certificate = issued.pem(),
                            .chain = x509::to_pem(issuer.chain),
                            .root = issuer.root ? issuer.root->pem() : std::string(),
                            .summary = summary_of(issued, requester.text, impl_->clock.now()),
                            .notes = issued.notes()};
  }
  ledger::Ledger& ledger = *impl_->state.ledger;
  const ledger::Repeatable asked = repeatable_of(request, requester, *idempotency_key);
  auto first = TRY(ledger.first_request(asked.key));
  if (!first) {
    const auto issued = impl_->issue(request, requester, asked);
    first = TRY(ledger.first_request(asked.key));
    // The same request may have come on another connection, and been faster with any of the steps: its reservation is
    // gone on with below, whether it is signed by now or not.
    const bool overtaken = first && !issued && issued.error().code == Code::already_exists;
    const bool done = first && TRY(ledger.certificate(first->certificate)).state == ledger::CertificateState::issued;
    if (!issued && !overtaken && !done) return std::unexpected(issued.error());
    ENSURE(first);
  }
  return impl_->answer_again(*first, asked.request, requester);
}

}  // namespace symbolon::authority
