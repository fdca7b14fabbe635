#include "authority/issuer.h"

#include <algorithm>

namespace symbolon::authority {

std::vector<x509::Certificate> Issuer::above() const {
  if (is_root() || chain.empty()) return {};
  std::vector<x509::Certificate> out(chain.begin() + 1, chain.end());
  if (root) out.push_back(*root);
  return out;
}

Result<const Issuer*> IssuerSet::select(const std::optional<std::string>& name, UnixSeconds now) const {
  const auto meant =
      std::ranges::find_if(issuers, [&](const Issuer& issuer) { return name ? issuer.name == *name : issuer.in_use; });
  if (meant == issuers.end() || !meant->can_sign()) {
    std::string known;
    for (const Issuer& issuer : issuers) {
      if (issuer.can_sign()) known += (known.empty() ? "" : ", ") + issuer.name;
    }
    if (known.empty()) return fail(Code::issuer_unknown, "no CA can sign here{}", lacking_keys());
    if (meant == issuers.end() && !name) return fail(Code::ca_none_in_use, "there are: {}", known);
    return fail(Code::issuer_unknown, "no CA '{}' can sign here; there are: {}", name ? *name : meant->name, known);
  }
  const x509::Validity& validity = meant->certificate.validity();
  if (revoked(*meant)) return fail(Code::ca_revoked, "the CA '{}', or one above it, was revoked", meant->name);
  if (now > validity.not_after) {
    return fail(Code::ca_expired, "the CA '{}' expired {}", meant->name, to_rfc3339(validity.not_after));
  }
  if (now < validity.not_before) {
    return fail(Code::ca_not_yet_valid, "the CA '{}' begins {}", meant->name, to_rfc3339(validity.not_before));
  }
  return &*meant;
}

bool IssuerSet::revoked(const Issuer& issuer) const {
  if (revocations == nullptr) return false;
  const auto set = revocations->current();
  std::vector<x509::Certificate> path = issuer.above();
  path.insert(path.begin(), issuer.certificate);
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (set->revoked(revocation::IssuerKey::of(path[i + 1]), path[i].serial())) return true;
  }
  return false;
}

std::string IssuerSet::lacking_keys() const {
  std::string out;
  for (const Issuer& issuer : issuers) {
    const bool could =
        !issuer.is_root() && issuer.state == ledger::IssuerState::active && !issuer.key_reference.empty();
    if (could && !issuer.can_sign()) out += fmt::format("; '{}' lacks its key {}", issuer.name, issuer.key_reference);
  }
  return out;
}

const Issuer* IssuerSet::find(ledger::IssuerId id) const {
  const auto found = std::ranges::find(issuers, id, &Issuer::id);
  return found == issuers.end() ? nullptr : &*found;
}

std::vector<x509::Certificate> IssuerSet::anchors() const {
  std::vector<x509::Certificate> out;
  for (const Issuer& issuer : issuers) {
    if (!issuer.ours || std::ranges::find(out, *issuer.anchor) != out.end()) continue;
    const auto anchor = std::ranges::find(issuers, *issuer.anchor, &Issuer::certificate);
    if (!revoked(*anchor)) out.push_back(*issuer.anchor);
  }
  return out;
}

std::string organization_of(const IssuerSet& issuers, UnixSeconds now) {
  const auto issuer = issuers.select(std::nullopt, now);
  if (!issuer) return {};
  const auto names = (*issuer)->certificate.subject().values("O");
  return names.empty() ? std::string() : names.front();
}

}  // namespace symbolon::authority
