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
  TrustBundle bundle;
  bundle.where_ = std::move(where);
  for (Certificate& anchor : anchors) {
    if (bundle.contains(anchor)) continue;
    if (!anchor.malformed().empty()) {
      return fail_at(bundle.where_, Code::trust_unusable, "{}: its {} cannot be read", anchor.text(),
                     anchor.malformed());
    }
    bundle.by_subject_.emplace(key_of(anchor.subject()), bundle.anchors_.size());
    bundle.anchors_.push_back(std::move(anchor));
  }
  if (bundle.anchors_.empty()) return fail_at(bundle.where_, Code::trust_empty, "no certificate in it");

  std::size_t expired = 0;
  std::size_t unusable = 0;
  std::size_t name_octets = 0;
  for (std::size_t i = 0; i < bundle.anchors_.size(); ++i) {
    const DistinguishedName& subject = bundle.anchors_[i].subject();
    if (std::ranges::find(bundle.ca_names_, subject) == bundle.ca_names_.end()) {
      bundle.ca_names_.push_back(subject);
      name_octets += subject.der().size() + 2;
    }
    if (auto finding = look_at(bundle.anchors_[i], i, now)) {
      if (finding->code == Code::ca_expired) ++expired;
      if (finding->code == Code::ca_expired || finding->code == Code::client_certificate_weak_key) ++unusable;
      bundle.warnings_.push_back(std::move(*finding));
    }
  }
  if (expired == bundle.anchors_.size()) {
    return fail_at(bundle.where_, Code::ca_expired, "every certificate in it has expired: {}",
                   bundle.warnings_.front().words);
  }
  if (unusable == bundle.anchors_.size()) {
    return fail_at(bundle.where_, Code::trust_unusable, "no certificate in it can be an anchor: {}",
                   bundle.warnings_.front().words);
  }
  if (name_octets > kMostCaNameOctets) bundle.ca_names_.clear();
  bundle.identity_ = identity_of(bundle.anchors_);
  return bundle;
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
