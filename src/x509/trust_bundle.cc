#include "x509/trust_bundle.h"

#include <algorithm>

#include "x509/path_rules.h"

namespace symbolon::x509 {
namespace {

std::string key_of(const DistinguishedName& name) { return std::string(as_text(name.canonical())); }

crypto::Sha256 identity_of(const std::vector<Certificate>& anchors) {
  std::vector<Fingerprint> prints;
  for (const Certificate& anchor : anchors) prints.push_back(anchor.fingerprint());
  std::ranges::sort(prints);
  Bytes all;
  for (const Fingerprint& print : prints) all.insert(all.end(), print.octets.begin(), print.octets.end());
  return crypto::sha256(all);
}

// Why paths cannot end in it, and what may still be done with it.
std::optional<Finding> look_at(const Certificate& anchor, std::size_t index, UnixSeconds now) {
  // The codes of a client's certificate stand for both: a bundle does not know whom it will judge.
  const auto finding = [&](Code code, std::string words) {
    return Finding{code, index, fmt::format("{}: {}", anchor.text(), words)};
  };
  if (!anchor.malformed().empty()) {
    return finding(Code::certificate_malformed, fmt::format("its {} cannot be read", anchor.malformed()));
  }
  if (now > anchor.validity().not_after) {
    return finding(Code::ca_expired, fmt::format("ended {}", to_rfc3339(anchor.validity().not_after)));
  }
  if (now < anchor.validity().not_before) {
    return finding(Code::client_certificate_issuer_not_yet_valid,
                   fmt::format("begins {}", to_rfc3339(anchor.validity().not_before)));
  }
  if (const auto weakness = weakness_of(anchor.public_key())) {
    return finding(Code::client_certificate_weak_key, *weakness);
  }
  if (!anchor.is_ca() || anchor.version() != 3) {
    return finding(Code::client_certificate_issuer_not_ca,
                   "it is not a CA (basicConstraints CA:TRUE): only this very certificate is trusted, none below it");
  }
  return {};
}

}  // namespace

Result<TrustBundle> TrustBundle::make(std::vector<Certificate> anchors, UnixSeconds now, std::string where) {
  for (const Certificate& anchor : anchors) {
    if (anchor.malformed().empty()) continue;
    return fail_at(std::move(where), Code::trust_unusable, "{}: its {} cannot be read", anchor.text(),
                   anchor.malformed());
  }
  TrustBundle bundle = TRY(for_report(std::move(anchors), now, std::move(where)));
  const auto count = [&](auto... codes) {
    return static_cast<std::size_t>(std::ranges::count_if(
        bundle.warnings_, [&](const Finding& finding) { return ((finding.code == codes) || ...); }));
  };
  if (count(Code::ca_expired) == bundle.anchors_.size()) {
    return fail_at(bundle.where_, Code::ca_expired, "every certificate in it has expired: {}",
                   bundle.warnings_.front().words);
  }
  if (count(Code::ca_expired, Code::client_certificate_weak_key) == bundle.anchors_.size()) {
    return fail_at(bundle.where_, Code::trust_unusable, "no certificate in it can be an anchor: {}",
                   bundle.warnings_.front().words);
  }
  return bundle;
}

Result<TrustBundle> TrustBundle::for_report(std::vector<Certificate> anchors, UnixSeconds now, std::string where) {
  if (anchors.empty()) return fail_at(std::move(where), Code::trust_empty, "no certificate in it");
  TrustBundle bundle;
  bundle.where_ = std::move(where);
  bundle.add(std::move(anchors));
  bundle.look_at_all(now);
  bundle.identity_ = identity_of(bundle.anchors_);
  return bundle;
}

void TrustBundle::add(std::vector<Certificate> anchors) {
  for (Certificate& anchor : anchors) {
    if (contains(anchor)) continue;
    if (with_subject(anchor.subject()).empty()) {
      ca_names_.push_back(anchor.subject());
      ca_name_octets_ += anchor.subject().der().size() + 2;
    }
    by_subject_.emplace(key_of(anchor.subject()), anchors_.size());
    anchors_.push_back(std::move(anchor));
  }
}

void TrustBundle::look_at_all(UnixSeconds now) {
  for (std::size_t i = 0; i < anchors_.size(); ++i) {
    if (auto finding = look_at(anchors_[i], i, now)) warnings_.push_back(std::move(*finding));
  }
}

Status TrustBundle::check_ca_names() const {
  if (ca_name_octets_ <= kMostCaNameOctets) return {};
  return fail_at(where_, Code::ca_names_too_long, "the names of {} CAs take {} octets, {} are the most",
                 ca_names_.size(), ca_name_octets_, kMostCaNameOctets);
}

Result<TrustBundle> TrustBundle::from_file_content(std::string_view content, UnixSeconds now, std::string where) {
  return make(TRY(Certificate::from_file_content(content, where)), now, where);
}

std::vector<std::size_t> TrustBundle::with_subject(const DistinguishedName& name) const {
  std::vector<std::size_t> places;
  const auto [first, last] = by_subject_.equal_range(key_of(name));
  for (auto it = first; it != last; ++it) places.push_back(it->second);
  std::ranges::sort(places);
  return places;
}

bool TrustBundle::contains(const Certificate& certificate) const {
  return std::ranges::any_of(with_subject(certificate.subject()),
                             [&](std::size_t place) { return anchors_[place] == certificate; });
}

}  // namespace symbolon::x509
