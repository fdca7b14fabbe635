#include <fmt/format.h>

#include <algorithm>

#include "check/file_findings.h"
#include "check/file_words.h"
#include "revocation/crl_reader.h"
#include "x509/fetch_places.h"

namespace symbolon::check {
namespace {

using x509::Certificate;

std::string issuer_of(const SeenCrl& crl) { return crl.issuer.text(); }

// Where a certificate that is here says that its issuer's list is to be had.
std::string fetch_remedy(const FileJudgement& judgement, const SeenCrl& crl) {
  for (const Certificate& one : judgement.seen.certificates()) {
    if (one.issuer() != crl.issuer) continue;
    const auto urls = x509::crl_urls(one);
    if (!urls.empty()) return fmt::format("curl -s -o new.crl {}", shell_word(urls.front()));
  }
  return {};
}

void judge_dates(FileJudgement& judgement, const FileObject& object, const SeenCrl& crl) {
  const UnixSeconds now = judgement.now;
  if (crl.this_update > now + revocation::kCrlClockTolerance) {
    judgement.find(
        object, Code::crl_not_yet_valid,
        fmt::format("its thisUpdate {} lies {} ahead", to_rfc3339(crl.this_update), to_words(crl.this_update - now)),
        "compare the clock of this machine: date -u");
  } else if (crl.next_update < now) {
    judgement.find(object, Code::crl_stale,
                   fmt::format("its nextUpdate {} passed {} ago: until there is a newer one, who checks by it refuses "
                               "every certificate of {}",
                               to_rfc3339(crl.next_update), to_words(now - crl.next_update), issuer_of(crl)),
                   fetch_remedy(judgement, crl));
  } else if (const Seconds left = crl.next_update - now; left * 4 < crl.next_update - crl.this_update) {
    judgement.find(object, Code::crl_ends_soon,
                   fmt::format("its nextUpdate is {}, in {}", to_rfc3339(crl.next_update), to_words(left)),
                   fetch_remedy(judgement, crl));
  }
}

void judge_signature(FileJudgement& judgement, const FileObject& object, const SeenCrl& crl) {
  switch (crl.signature) {
    case CrlSignature::verified: return;
    case CrlSignature::issuer_missing:
      judgement.note(
          fmt::format("{}: whether {} signed it cannot be said: no certificate of it is here; --ca FILE names "
                      "it",
                      place_of(judgement.seen, object), issuer_of(crl)));
      return;
    case CrlSignature::wrong:
      judgement.find(object, Code::crl_bad_signature,
                     fmt::format("no key of {} that is here verifies it", issuer_of(crl)));
      return;
    case CrlSignature::weak:
      judgement.find(object, Code::crl_bad_signature, fmt::format("it is signed with {}", crl.algorithm),
                     "have the CA sign with SHA-256 or better");
      return;
    case CrlSignature::issuer_may_not_sign:
      judgement.find(object, Code::crl_issuer_may_not_sign,
                     fmt::format("the keyUsage of {} lacks cRLSign", issuer_of(crl)));
      return;
  }
}

// Is the full list that a delta builds on here? RFC 5280 §5.2.4: one with its number or a higher one.
void judge_base(FileJudgement& judgement, const FileObject& object, const SeenCrl& delta) {
  if (!delta.base_number) return;
  const auto at_least = [](const Bytes& a, const Bytes& b) {
    return a.size() != b.size() ? a.size() > b.size() : !std::ranges::lexicographical_compare(a, b);
  };
  const auto fits = [&](const FileObject& other) {
    const auto* const full = other.get<SeenCrl>();
    return full != nullptr && !full->base_number && full->issuer == delta.issuer && full->number &&
           at_least(*full->number, *delta.base_number);
  };
  if (std::ranges::any_of(judgement.seen.objects, fits)) return;
  judgement.note(
      fmt::format("{}: it is a delta, and says nothing without the full CRL of {} with the number {} or a "
                  "later one",
                  place_of(judgement.seen, object), issuer_of(delta), number_text(*delta.base_number)));
}

Code revoked_code(const Certificate& certificate) {
  return certificate.is_ca() ? Code::ca_revoked : certificate_code(role_of(certificate), CertificateProblem::revoked);
}

void judge_listed(FileJudgement& judgement, const SeenCrl& crl, const FileObject& object, const FileObject& list) {
  const Certificate& certificate = *object.get<Certificate>();
  const auto one = std::ranges::find(crl.listed, certificate.fingerprint(), &ListedCertificate::certificate);
  if (one == crl.listed.end() || one->removed) return;
  const bool known = std::ranges::any_of(judgement.report.findings, [&](const FileFinding& other) {
    return other.finding.code == revoked_code(certificate) && other.where == place_of(judgement.seen, object);
  });
  if (known) return;
  const bool proven = crl.signature == CrlSignature::verified;
  judgement.find(
      object, revoked_code(certificate),
      fmt::format("{} lists its serial {} since {}{}{}", place_of(judgement.seen, list), certificate.serial().hex(),
                  to_rfc3339(one->since), one->on_hold ? ", on hold" : "",
                  proven ? "" : "; who signed that list is not shown by what is here"),
      one->on_hold ? "ask its CA to release it, or for a new certificate" : "ask its CA for a new certificate",
      proven ? Certainty::proven : Certainty::likely);
}

void judge_crl(FileJudgement& judgement, const FileObject& list, const SeenCrl& crl) {
  judge_dates(judgement, list, crl);
  judge_signature(judgement, list, crl);
  judge_base(judgement, list, crl);
  if (crl.signature == CrlSignature::wrong || crl.signature == CrlSignature::issuer_may_not_sign) return;
  std::size_t about = 0;
  for (const FileObject& object : judgement.seen.objects) {
    const auto* const certificate = object.get<Certificate>();
    if (certificate == nullptr || certificate->issuer() != crl.issuer || certificate->self_issued()) continue;
    ++about;
    judge_listed(judgement, crl, object, list);
  }
  if (about > 0 && crl.listed.empty()) {
    judgement.note(fmt::format("{}: it lists none of the {} certificate{} here that {} issued",
                               place_of(judgement.seen, list), about, about == 1 ? "" : "s", issuer_of(crl)));
  }
}

}  // namespace

void judge_crls(FileJudgement& judgement) {
  for (const FileObject& object : judgement.seen.objects) {
    if (const auto* crl = object.get<SeenCrl>()) judge_crl(judgement, object, *crl);
  }
}

}  // namespace symbolon::check
