#include "authority/crl_content.h"

#include <algorithm>
#include <set>

#include "authority/apply_profile.h"
#include "revocation/crl_builder.h"
#include "revocation/issuer_key.h"

namespace symbolon::authority {

CrlIssuer CrlIssuer::of(const Issuer& issuer, const IssuerSet& issuers) {
  const auto key = revocation::IssuerKey::of(issuer.certificate);
  CrlIssuer out;
  for (const Issuer& one : issuers.issuers) {
    if (one.id != issuer.id && revocation::IssuerKey::of(one.certificate) != key) continue;
    out.ids.push_back(one.id);
    out.names.push_back(one.name);
  }
  return out;
}

bool CrlIssuer::includes(ledger::IssuerId id) const { return std::ranges::find(ids, id) != ids.end(); }

bool may_sign_crls(const Issuer& issuer) {
  const auto& usage = issuer.certificate.key_usage();
  return !usage || (*usage & x509::crl_sign) != 0;
}

Result<CrlContent> crl_content(const Issuer& issuer, const CrlIssuer& all, const signer::CrlName& name,
                               const WalkRevocations& walk, std::size_t first_octets) {
  ENSURE(issuer.signer != nullptr && issuer.id.value == name.issuer);
  if (!may_sign_crls(issuer)) {
    return fail(Code::crl_issuer_may_not_sign, "the CA '{}': its keyUsage lacks cRLSign", issuer.name);
  }
  auto builder = TRY(revocation::CrlBuilder::begin({.issuer = issuer.certificate.subject(),
                                                    .authority_key_identifier = key_identifier_of(issuer.certificate),
                                                    .number = name.number,
                                                    .this_update = name.this_update,
                                                    .next_update = name.next_update},
                                                   issuer.signer->algorithm_identifier()));
  CrlContent out;
  std::set<x509::SerialNumber> listed;  // the ledger has no serial of one CA certificate twice
  TRY(walk([&](const ledger::Revocation& revocation) {
    out.newest = revocation.sequence;
    if (!all.includes(revocation.issuer)) return ledger::Proceed::yes;
    if (revocation.sequence <= name.revocations) {
      if (all.ids.size() > 1 && !listed.insert(revocation.serial).second) return ledger::Proceed::yes;
      builder.add({.serial = revocation.serial,
                   .revoked_at = revocation.revoked_at,
                   .reason = static_cast<std::uint8_t>(revocation.reason),
                   .invalid_since = revocation.invalid_since});
      return ledger::Proceed::yes;
    }
    const UnixSeconds at = revocation.revoked_at;
    if (!out.left_out) out.left_out = {at, at};
    out.left_out = {std::min(out.left_out->first, at), std::max(out.left_out->last, at)};
    return ledger::Proceed::yes;
  }));
  if (out.newest < name.revocations) {
    return fail(Code::crl_not_of_ledger, "a CRL up to revocation {}; the ledger has {}", name.revocations, out.newest);
  }
  out.entries = builder.entries();
  out.octets = builder.octets().size();
  out.digest = crypto::sha256(builder.octets());
  if (first_octets <= out.octets) out.digest_of_first = crypto::sha256(builder.octets().first(first_octets));
  out.tbs = std::move(builder).finish();
  return out;
}

namespace {

template <typename... Args>
std::unexpected<Error> refuse(Code code, const signer::CrlName& name, fmt::format_string<Args...> format,
                              Args&&... args) {
  return fail(code, "CRL {} of issuer {}: {}", name.number, name.issuer,
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace

Status check_crl_name(const signer::CrlName& name, Seconds longest, UnixSeconds now) {
  constexpr Code kCode = Code::crl_out_of_bounds;
  if (name.this_update > now + kCrlTolerance || name.this_update < now - kCrlTolerance) {
    return refuse(kCode, name, "thisUpdate {}, now it is {}", to_rfc3339(name.this_update), to_rfc3339(now));
  }
  // Both bounds at once, so that no sum can overflow.
  if (name.next_update <= name.this_update || name.next_update > name.this_update + longest) {
    return refuse(kCode, name, "nextUpdate {}, at most {} after thisUpdate is allowed", to_rfc3339(name.next_update),
                  to_text(longest));
  }
  const auto least = static_cast<std::uint64_t>(std::max<std::int64_t>(name.this_update.count, 1));
  const auto most = static_cast<std::uint64_t>((name.this_update + kFarthestCrlNumber).count);
  if (name.number < least || name.number > most) {
    return refuse(kCode, name, "a number between {} and {} is expected", least, most);
  }
  return {};
}

// A time of the future is no time at which anything was revoked: who wrote it there may have written more.
Status check_crl_content(const CrlContent& content, const signer::CrlName& name, UnixSeconds now) {
  if (!content.left_out) return {};
  const auto [first, last] = *content.left_out;
  if (first >= now - kCrlTolerance && last <= now + kCrlTolerance) return {};
  return refuse(Code::crl_not_of_ledger, name, "it would leave out what was revoked {}",
                to_rfc3339(first < now - kCrlTolerance ? first : last));
}

}  // namespace symbolon::authority
