#include "authority/issuer.h"

#include <algorithm>

namespace symbolon::authority {

Result<const Issuer*> IssuerSet::select(const std::optional<std::string>& name, UnixSeconds now) const {
  const Issuer* best = nullptr;
  std::string known;
  for (const Issuer& issuer : issuers) {
    if (!issuer.can_sign()) continue;
    known += (known.empty() ? "" : ", ") + issuer.name;
    if (name && issuer.name != *name) continue;
    const auto ends = [](const Issuer* one) { return one->certificate.validity().not_after; };
    if (best == nullptr || ends(&issuer) > ends(best)) best = &issuer;
  }
  if (best == nullptr) {
    if (known.empty()) return fail(Code::issuer_unknown, "no CA can sign here");
    return fail(Code::issuer_unknown, "no CA '{}' can sign here; there are: {}", name.value_or(""), known);
  }
  if (now > best->certificate.validity().not_after) {
    return fail(Code::ca_expired, "the CA '{}' expired {}", best->name,
                to_rfc3339(best->certificate.validity().not_after));
  }
  return best;
}

const Issuer* IssuerSet::find(ledger::IssuerId id) const {
  const auto found = std::ranges::find(issuers, id, &Issuer::id);
  return found == issuers.end() ? nullptr : &*found;
}

std::vector<x509::Certificate> IssuerSet::roots() const {
  std::vector<x509::Certificate> out;
  for (const Issuer& issuer : issuers) {
    if (issuer.is_root()) out.push_back(issuer.certificate);
  }
  return out;
}

}  // namespace symbolon::authority
