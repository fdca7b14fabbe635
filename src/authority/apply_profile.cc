#include "authority/apply_profile.h"

#include <algorithm>

#include "authority/crl_content.h"
#include "x509/general_name_der.h"

namespace symbolon::authority {
namespace {

constexpr std::string_view kSubjectKeyIdentifier = "2.5.29.14";
constexpr std::string_view kKeyUsage = "2.5.29.15";
constexpr std::string_view kSubjectAltName = "2.5.29.17";
constexpr std::string_view kBasicConstraints = "2.5.29.19";
constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
constexpr std::string_view kNameMark = "{name}";
constexpr std::size_t kLongestCommonName = 64;  // characters, RFC 5280 Appendix A.1 ub-common-name

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

// What the lint says (lint_outside_issuer_purposes), before there is a responder's certificate.
bool allows_responders(const x509::Certificate& ca) {
  const std::vector<std::string>& purposes = ca.extended_key_usage();
  const auto has = [&](std::string_view oid) { return std::ranges::find(purposes, oid) != purposes.end(); };
  return purposes.empty() || has(x509::eku::kAny) || has(x509::eku::kOcspSigning);
}

class Application {
 public:
  Application(const Profile& profile, const IssueRequest& request, const Issuer& issuer, const IssueTime& time)
      : profile_(profile), request_(request), issuer_(issuer), time_(time) {}

  Result<AppliedProfile> run(const x509::SerialNumber& serial) {
    TRY(profile_.check_key(request_.request.public_key()));
    TRY(check_extensions());
    TRY(choose_names());
    TRY(choose_common_name());
    const x509::Validity validity = TRY(choose_validity());
    x509::DistinguishedName subject = TRY(subject_of(profile_, common_name_));
    x509::CertificateTemplate content{.serial = serial,
                                      .issuer = issuer_.certificate.subject(),
                                      .subject = std::move(subject),
                                      .validity = validity,
                                      .public_key = request_.request.public_key(),
                                      .key_usage = key_usage_of(profile_, request_.request.public_key()),
                                      .extended_key_usage = profile_.extended_key_usage,
                                      .authority_key_identifier = key_identifier_of(issuer_.certificate),
                                      .subject_alt_names = std::move(names_),
                                      .no_rev_avail = profile_.no_rev_avail,
                                      .ocsp_no_check = profile_.ocsp_no_check,
                                      .profile = profile_.name};
    return AppliedProfile{std::move(content), std::move(notes_)};
  }

 private:
  template <typename... Args>
  void note(fmt::format_string<Args...> format, Args&&... args) {
    notes_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  // Only what the profile takes is taken; what it would contradict is refused, so that nobody holds a certificate that
  // says less than was asked for without knowing.
  Status check_extensions() {
    const x509::CertificateRequest& request = request_.request;
    for (const x509::RequestedExtension& extension : request.extensions()) {
      if (extension.oid == kSubjectKeyIdentifier || extension.oid == kSubjectAltName) continue;
      if (extension.oid == kBasicConstraints && !request.asks_to_be_ca()) continue;
      if (extension.oid == kKeyUsage) {
        const int extra = request.key_usage().value_or(0) & ~profile_.key_usage;
        if ((extra & (x509::key_cert_sign | x509::crl_sign)) != 0) return refuse("keyCertSign or cRLSign");
        if (extra != 0) note("of the request's keyUsage only what the profile gives was taken");
        continue;
      }
      if (extension.oid == kExtendedKeyUsage) {
        for (const std::string& purpose : request.extended_key_usage()) {
          if (std::ranges::find(profile_.extended_key_usage, purpose) == profile_.extended_key_usage.end()) {
            return refuse(fmt::format("the extended key usage {}", purpose));
          }
        }
        continue;
      }
      return refuse(extension.oid == kBasicConstraints ? "to be a CA" : fmt::format("the extension {}", extension.oid));
    }
    return {};
  }

  std::unexpected<Error> refuse(std::string_view what) const {
    return fail(Code::extension_not_allowed, "the request asks for {}; the profile '{}' does not give it", what,
                profile_.name);
  }

  Status choose_names() {
    const std::vector<x509::GeneralName>& asked = request_.request.subject_alt_names();
    std::vector<x509::GeneralName> chosen = request_.names;
    if (chosen.empty() && !asked.empty()) {
      if (!profile_.take.names) return refuse("subjectAltName; names are given by whoever asks for the certificate");
      chosen = asked;
    } else if (!asked.empty() && asked != chosen) {
      note("the names that were given stand instead of those of the request");
    }
    if (chosen.empty()) promote_common_name(chosen);
    for (const x509::GeneralName& name : chosen) {
      x509::GeneralName good = TRY(x509::checked(name));
      TRY(profile_.check_name(good));
      if (std::ranges::find(names_, good) == names_.end()) names_.push_back(std::move(good));
    }
    if (names_.size() < profile_.least_names) {
      return fail(Code::name_missing, "the profile '{}' needs {}", profile_.name,
                  profile_.svid ? "one spiffe:// URI" : "a name");
    }
    if (names_.size() > profile_.most_names) {
      return fail(Code::name_not_allowed, "{} names; the profile '{}' allows {}", names_.size(), profile_.name,
                  profile_.most_names);
    }
    const auto uris = std::ranges::count(names_, x509::NameKind::uri, &x509::GeneralName::kind);
    if (profile_.svid && uris != 1) {
      return fail(uris == 0 ? Code::name_missing : Code::name_not_allowed,
                  "{} URIs; the profile '{}' needs exactly one, a spiffe:// URI", uris, profile_.name);
    }
    return {};
  }

  // Requests of old tools name a server only in CN (RFC 9525 §2 forbids to read it there, so it moves).
  void promote_common_name(std::vector<x509::GeneralName>& chosen) {
    if (profile_.common_name != CommonName::first_name || !profile_.take.names) return;
    const auto common_name = request_.common_name ? request_.common_name : request_.request.subject().common_name();
    if (!common_name) return;
    if (auto name = x509::GeneralName::parse(*common_name)) {
      note("the request's common name became a subjectAltName");
      chosen.push_back(std::move(*name));
    }
  }

  Status choose_common_name() {
    const auto in_request = request_.request.subject().common_name();
    const auto is_other = [](const x509::NameAttribute& attribute) { return attribute.type != "CN"; };
    if (std::ranges::any_of(request_.request.subject().attributes(), is_other)) {
      note("of the request's subject nothing but the common name is taken");
    }
    if (request_.common_name) {
      common_name_ = request_.common_name;
    } else if (in_request && profile_.take.common_name) {
      common_name_ = in_request;
    }
    const auto is_it = [&](const x509::GeneralName& name) { return name.value == *common_name_; };
    if (common_name_ && profile_.common_name == CommonName::first_name && std::ranges::none_of(names_, is_it)) {
      if (request_.common_name) {
        return fail(Code::name_not_allowed, "the common name '{}' is not among the names", *common_name_);
      }
      note("the request's common name is not among the names and was left out");
      common_name_.reset();
    }
    if (common_name_) return profile_.check_common_name(*common_name_);
    if (profile_.common_name == CommonName::none) return {};
    if (!names_.empty()) {
      common_name_ = names_.front().value;
    } else if (profile_.common_name == CommonName::free) {
      return fail(Code::name_missing, "the profile '{}' needs a name", profile_.name);
    }
    if (common_name_ && characters(*common_name_) > kLongestCommonName) common_name_.reset();
    return {};
  }

  Result<x509::Validity> choose_validity() {
    const x509::Validity& issuer = issuer_.certificate.validity();
    if (time_.now > issuer.not_after) {
      return fail(Code::ca_expired, "the CA '{}' expired {}", issuer_.name, to_rfc3339(issuer.not_after));
    }
    const Seconds lifetime = request_.lifetime.value_or(profile_.lifetime);
    if (lifetime > profile_.longest || lifetime < kMinute) {
      return fail(Code::lifetime_not_allowed, "{}; the profile '{}' allows 1m to {}", to_text(lifetime), profile_.name,
                  to_text(profile_.longest));
    }
    x509::Validity out{.not_before = std::max(time_.now - time_.backdate, issuer.not_before),
                       .not_after = time_.now + lifetime};
    if (out.not_after > issuer.not_after) {
      if (request_.lifetime) {
        return fail(Code::issuer_life_too_short, "{} reaches beyond the CA '{}', which ends {}", to_text(lifetime),
                    issuer_.name, to_rfc3339(issuer.not_after));
      }
      out.not_after = issuer.not_after;
      note("it ends with its CA, {}: {} instead of {}", to_rfc3339(issuer.not_after),
           to_words(issuer.not_after - time_.now), to_text(lifetime));
    }
    return out;
  }

  const Profile& profile_;
  const IssueRequest& request_;
  const Issuer& issuer_;
  const IssueTime& time_;
  std::vector<x509::GeneralName> names_;
  std::optional<std::string> common_name_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<AppliedProfile> apply_profile(const Profile& profile, const IssueRequest& request, const Issuer& issuer,
                                     const IssueTime& time, const x509::SerialNumber& serial) {
  return Application(profile, request, issuer, time).run(serial);
}

// RFC 5480 §3, RFC 8410 §5: only RSA keys encipher.
std::uint16_t key_usage_of(const Profile& profile, const crypto::PublicKey& key) {
  constexpr std::uint16_t kEncipher = x509::key_encipherment | x509::data_encipherment;
  const bool rsa = key.description().starts_with("RSA");
  return static_cast<std::uint16_t>(rsa ? profile.key_usage : profile.key_usage & ~kEncipher);
}

Result<x509::DistinguishedName> subject_of(const Profile& profile, const std::optional<std::string>& common_name) {
  std::vector<x509::NameAttribute> attributes;
  for (x509::NameAttribute attribute : profile.subject) {
    if (const auto at = attribute.value.find(kNameMark); at != std::string::npos) {
      if (!common_name) continue;
      attribute.value.replace(at, kNameMark.size(), *common_name);
    }
    attributes.push_back(std::move(attribute));
  }
  return x509::DistinguishedName::from_attributes(std::move(attributes));
}

CrlUrls crl_urls_of(const Profile& profile, const Issuer& issuer, const CrlPlaces& places,
                    const x509::SerialNumber& serial) {
  if (!profile.crl || profile.no_rev_avail || profile.ocsp_no_check || !may_sign_crls(issuer)) return {};
  if (profile.crl_shards != 0) {
    return {.distribution_point = places.of(CrlPart::of(serial, profile.crl_shards), issuer.name)};
  }
  CrlUrls out{.distribution_point = places.of({}, issuer.name)};
  if (places.delta) out.freshest = places.of({.delta = true}, issuer.name);
  return out;
}

std::string ocsp_url_of(const Profile& profile, const Issuer& issuer, std::string_view url) {
  if (url.empty() || !profile.ocsp || profile.no_rev_avail || profile.ocsp_no_check) return {};
  return may_certify_responders(issuer) ? std::string(url) : std::string();
}

bool may_certify_responders(const Issuer& issuer) {
  const std::vector<x509::Certificate> above = issuer.above();
  return allows_responders(issuer.certificate) && std::ranges::all_of(above, allows_responders);
}

Bytes key_identifier_of(const x509::Certificate& issuer) {
  if (const auto& own = issuer.subject_key_identifier()) return *own;
  return to_bytes(issuer.public_key().key_identifier());
}

}  // namespace symbolon::authority
