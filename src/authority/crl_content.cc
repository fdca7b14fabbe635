#include "authority/crl_content.h"

#include <algorithm>
#include <map>
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

CrlFacts facts_of(ledger::Ledger& ledger) {
  return {.walk = [&ledger](const auto& range, const auto& each) { return ledger.revocations(range, each); },
          .newest = [&ledger]() -> Result<std::uint64_t> { return TRY(ledger.status()).revocations; }};
}

namespace {

// What the entries of a CA come to, in their order. Final revocations go into the CRL as they come; what is on hold, or
// was released, waits for the end.
class Entries {
 public:
  // `may_repeat`: the ledger has no serial of one CA certificate revoked for good twice; of several it may.
  Entries(revocation::CrlBuilder& builder, const CrlContentOptions& options, bool may_repeat)
      : builder_(builder), options_(options), may_repeat_(may_repeat) {}

  void take(const ledger::Revocation& revocation) {
    if (final_.contains(revocation.serial)) return;
    const bool release = revocation.reason == ledger::RevocationReason::remove_from_crl;
    if (is_final(revocation.reason) || release) held_.erase(revocation.serial);
    released_.erase(revocation.serial);
    if (is_final(revocation.reason)) {
      if (may_repeat_) final_.insert(revocation.serial);
      add(revocation);
    } else {
      (release ? released_ : held_).try_emplace(revocation.serial, revocation);
    }
  }
  // Is the CRL as strict without this one? A release, or what stands there as on hold.
  bool lists_without(const ledger::Revocation& revocation) const {
    return revocation.reason == ledger::RevocationReason::remove_from_crl || held_.contains(revocation.serial);
  }
  bool has_released() const { return !released_.empty(); }
  // Nothing takes that back.
  void final_before(const ledger::Revocation& revocation) { released_.erase(revocation.serial); }
  // In the order of the entries.
  void add_held() { add_all(held_); }
  void add_released() { add_all(released_); }

 private:
  using Waiting = std::map<x509::SerialNumber, ledger::Revocation>;

  void add_all(const Waiting& waiting) {
    std::map<std::uint64_t, const ledger::Revocation*> in_order;
    for (const auto& [serial, revocation] : waiting) in_order.emplace(revocation.sequence, &revocation);
    for (const auto& [sequence, revocation] : in_order) add(*revocation);
  }
  void add(const ledger::Revocation& revocation) {
    builder_.add({.serial = revocation.serial,
                  .revoked_at = revocation.revoked_at,
                  .reason = static_cast<std::uint8_t>(revocation.reason),
                  .invalid_since = revocation.invalid_since});
    if (options_.on_entry) options_.on_entry(revocation);
  }

  revocation::CrlBuilder& builder_;
  const CrlContentOptions& options_;
  const bool may_repeat_;
  std::set<x509::SerialNumber> final_;  // only where they may repeat
  Waiting held_;
  Waiting released_;
};

revocation::CrlHeading heading_of(const Issuer& issuer, const signer::CrlName& name, const CrlPlaces& places) {
  const CrlPart part = CrlPart::of(name);
  revocation::CrlHeading out{.issuer = issuer.certificate.subject(),
                             .authority_key_identifier = key_identifier_of(issuer.certificate),
                             .number = name.number,
                             .this_update = name.this_update,
                             .next_update = name.next_update};
  if (part.delta) out.base = name.base;
  if (part.shards != 0) out.distribution_point = places.of(part, issuer.name);
  if (part == CrlPart{} && places.delta) out.freshest = places.of({.delta = true}, issuer.name);
  return out;
}

}  // namespace

Result<CrlContent> crl_content(const Issuer& issuer, const CrlIssuer& all, const signer::CrlName& name,
                               const CrlFacts& facts, const CrlContentOptions& options) {
  ENSURE(issuer.signer != nullptr && issuer.id.value == name.issuer);
  if (!may_sign_crls(issuer)) {
    return fail(Code::crl_issuer_may_not_sign, "the CA '{}': its keyUsage lacks cRLSign", issuer.name);
  }
  if (name.shards != 0 && options.places.url.empty()) {  // without a place it would pass for the full one
    return fail(Code::crl_out_of_bounds, "a CRL of a distribution point; none is configured");
  }
  const std::uint64_t newest = TRY(facts.newest());
  if (newest < name.revocations) {
    return fail(Code::crl_not_of_ledger, "a CRL up to revocation {}; the ledger has {}", name.revocations, newest);
  }
  auto builder = TRY(
      revocation::CrlBuilder::begin(heading_of(issuer, name, options.places), issuer.signer->algorithm_identifier()));
  CrlContent out;
  Entries entries(builder, options, all.ids.size() > 1);
  ledger::RevocationRange range = CrlPart::of(name).range();
  range.after = options.base_revocations;
  TRY(facts.walk(range, [&](const ledger::Revocation& revocation) {
    if (!all.includes(revocation.issuer)) return ledger::Proceed::yes;
    if (revocation.sequence <= name.revocations) {
      entries.take(revocation);
      return ledger::Proceed::yes;
    }
    if (entries.lists_without(revocation)) return ledger::Proceed::yes;
    const UnixSeconds at = revocation.revoked_at;
    if (!out.left_out) out.left_out = {at, at};
    out.left_out = {std::min(out.left_out->first, at), std::max(out.left_out->last, at)};
    return ledger::Proceed::yes;
  }));
  const bool delta = name.base != 0;
  if (delta && entries.has_released()) {
    TRY(facts.walk({}, [&](const ledger::Revocation& revocation) {
      if (revocation.sequence > name.revocations) return ledger::Proceed::no;
      if (all.includes(revocation.issuer) && is_final(revocation.reason)) entries.final_before(revocation);
      return ledger::Proceed::yes;
    }));
  }
  out.octets = builder.octets().size();
  out.digest = crypto::sha256(builder.octets());
  if (options.first_octets <= out.octets) {
    out.digest_of_first = crypto::sha256(builder.octets().first(options.first_octets));
  }
  entries.add_held();
  if (delta) entries.add_released();
  out.entries = builder.entries();
  out.digest_of_all = crypto::sha256(builder.octets());
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
  const bool parted = name.shards != 0 || name.shard != 0;
  if (parted && (!is_shard_count(name.shards) || name.shard >= name.shards || name.base != 0)) {
    return refuse(kCode, name, "part {} of {}", name.shard, name.shards);
  }
  if (name.base >= name.number) return refuse(kCode, name, "its base has the number {}", name.base);
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
