#include "authority/intent_check.h"

#include <algorithm>

#include "authority/apply_profile.h"
#include "authority/issuance.h"
#include "x509/certificate_template.h"
#include "x509/lint.h"

namespace symbolon::authority {
namespace {

// Our decoder reads certificates: a signature that nobody will see is put behind the bytes.
Result<x509::Certificate> decode(ByteView tbs, ByteView algorithm) {
  constexpr std::size_t kAnySize = 64;
  return x509::Certificate::from_der(x509::assemble_certificate(tbs, algorithm, Bytes(kAnySize)));
}

// What stands for {name} in the subject; nothing where the subject does without it.
std::optional<std::string> name_in(const x509::DistinguishedName& subject, const Profile& profile) {
  constexpr std::string_view kMark = "{name}";
  for (const x509::NameAttribute& pattern : profile.subject) {
    const auto at = pattern.value.find(kMark);
    if (at == std::string::npos) continue;
    const std::string before = pattern.value.substr(0, at);
    const std::string after = pattern.value.substr(at + kMark.size());
    for (const std::string& value : subject.values(pattern.type)) {
      if (value.size() < before.size() + after.size() || !value.starts_with(before) || !value.ends_with(after))
        continue;
      return value.substr(before.size(), value.size() - before.size() - after.size());
    }
    return std::nullopt;
  }
  return std::nullopt;
}

class Check {
 public:
  struct Times {
    UnixSeconds reserved_at;
    UnixSeconds now;
  };
  Check(const x509::Certificate& content, const Profile& profile, const Times& times)
      : content_(content), profile_(profile), reserved_at_(times.reserved_at), now_(times.now) {}

  Status run() const {
    TRY(profile_.check_key(content_.public_key()));
    TRY(names());
    TRY(subject());
    return validity();
  }

 private:
  template <typename... Args>
  std::unexpected<Error> refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return fail(Code::intent_out_of_profile, "profile '{}': {}", profile_.name,
                fmt::format(format, std::forward<Args>(args)...));
  }

  Status names() const {
    const auto& names = content_.subject_alt_names();
    if (names.size() > profile_.most_names) return refuse("{} names", names.size());
    for (const x509::GeneralName& name : names) TRY(profile_.check_name(name));
    return {};
  }

  Status subject() const {
    const auto name = name_in(content_.subject(), profile_);
    if (TRY(subject_of(profile_, name)) != content_.subject())
      return refuse("the subject {}", content_.subject().text());
    if (!name) return {};
    if (profile_.common_name == CommonName::none) return refuse("the name '{}'", *name);
    // A common name that nobody asked for is one of the names, which were checked.
    const auto is_it = [&](const x509::GeneralName& one) { return one.value == *name; };
    if (std::ranges::any_of(content_.subject_alt_names(), is_it)) return {};
    if (profile_.common_name == CommonName::first_name) return refuse("'{}' is not among the names", *name);
    return profile_.check_common_name(*name);
  }

  Status validity() const {
    const x509::Validity& validity = content_.validity();
    if (validity.not_before > now_ + kIntentTolerance) return refuse("it begins {}", to_rfc3339(validity.not_before));
    if (validity.not_after > now_ + kIntentTolerance + profile_.longest) {
      return refuse("it ends {}, in more than {}", to_rfc3339(validity.not_after), to_text(profile_.longest));
    }
    return past(validity);
  }

  // An intent may have waited for its signature as long as it lasts.
  Status past(const x509::Validity& validity) const {
    if (validity.not_after < now_ - kIntentTolerance) return refuse("it ended {}", to_rfc3339(validity.not_after));
    if (validity.not_before < std::min(reserved_at_, now_) - kBackdate - kIntentTolerance) {
      return refuse("it begins {}, reserved {}", to_rfc3339(validity.not_before), to_rfc3339(reserved_at_));
    }
    if (validity.not_after - validity.not_before > profile_.longest + kBackdate) {
      return refuse("it lasts {}", to_text(validity.not_after - validity.not_before));
    }
    return {};
  }

  const x509::Certificate& content_;
  const Profile& profile_;
  UnixSeconds reserved_at_;
  UnixSeconds now_;
};

}  // namespace

Status check_intent(const ledger::RecordedIntent& intent, const Issuer& issuer, const IntentRules& rules,
                    UnixSeconds now) {
  const ledger::CertificateRecord& record = intent.record;
  if (record.state != ledger::CertificateState::reserved) {
    return fail(Code::intent_missing, "serial {} is {}, not reserved", record.serial.hex(), name(record.state));
  }
  if (record.revocation) return fail(Code::intent_missing, "serial {} was revoked", record.serial.hex());
  if (intent.ca_revocation) {
    return fail(Code::ca_revoked, "the CA '{}', or one above it, was revoked {}", issuer.name,
                to_rfc3339(intent.ca_revocation->revoked_at));
  }
  const auto known = rules.profiles.find(record.profile);
  if (known == rules.profiles.end()) {
    return fail(Code::intent_out_of_profile, "the signer knows no profile '{}'", record.profile);
  }
  const Profile& profile = known->second;
  const ByteView algorithm = issuer.signer->algorithm_identifier();
  const auto content = TRY(decode(intent.tbs, algorithm));
  const std::vector<x509::Certificate> above = issuer.above();
  CrlUrls crls = crl_urls_of(profile, issuer, rules.crls, content.serial());
  const x509::LintRules lint{.kind = x509::LintKind::leaf,
                             .algorithm_identifier = algorithm,
                             .issuer = &issuer.certificate,
                             .above = above,
                             .key_usage = key_usage_of(profile, content.public_key()),
                             .extended_key_usage = profile.extended_key_usage,
                             .least_names = profile.least_names,
                             .svid = profile.svid,
                             .crl_url = std::move(crls.distribution_point),
                             .freshest_crl_url = std::move(crls.freshest),
                             .ocsp_url = ocsp_url_of(profile, issuer, rules.ocsp_url),
                             .profile = profile.name};
  if (const auto findings = x509::lint_tbs(intent.tbs, lint); !findings.empty()) {
    return std::unexpected(lint_error(findings));
  }
  if (content.serial() != record.serial) {
    return fail(Code::intent_out_of_profile, "the bytes of serial {} name the serial {}", record.serial.hex(),
                content.serial().hex());
  }
  const auto& purposes = profile.extended_key_usage;
  const bool answers = std::ranges::find(purposes, x509::eku::kOcspSigning) != purposes.end();
  if (answers && rules.responder != nullptr && content.public_key().spki_sha256() != rules.responder->spki_sha256()) {
    return fail(Code::intent_out_of_profile, "profile '{}': the key is not that of the CA's OCSP responder",
                profile.name);
  }
  return Check(content, profile, {.reserved_at = record.reserved_at, .now = now}).run();
}

}  // namespace symbolon::authority
