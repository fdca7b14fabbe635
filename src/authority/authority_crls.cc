// CRLs as the API asks for them; those of CAs whose key is elsewhere (docs/decisions/0007, 0016).
#include "authority/authority_impl.h"

namespace symbolon::authority {
namespace {

constexpr Seconds kSignWithin = kHour;

Result<Issuer> absent_ca(const IssuerSet& set, const std::string& name) {
  const auto found = std::ranges::find(set.issuers, name, &Issuer::name);
  if (found == set.issuers.end() || !found->ours) return fail(Code::issuer_unknown, "'{}' is no CA of ours", name);
  if (found->can_sign()) return fail(Code::issuer_unknown, "the key of '{}' is here: its CRL is made here", name);
  Issuer out = *found;
  out.signer = std::shared_ptr<const crypto::Signer>(TRY(crypto::make_absent_signer(found->certificate.public_key())));
  return out;
}

api::CrlEntry view_of_entry(const ledger::Revocation& entry) {
  return {.serial = entry.serial.hex(),
          .reason = view_of(entry).reason,
          .at = entry.revoked_at,
          .invalid_since = entry.invalid_since};
}

}  // namespace

Result<std::shared_ptr<const Crl>> Authority::crl(const std::string& issuer) { return impl_->crls.current(issuer); }

Result<api::NewCrlAnswer> Authority::new_crl(const std::string& issuer, const api::NewCrlRequest& request,
                                             const Requester& requester) {
  const Seconds next_update = request.next_update.value_or(api::kCrlByHand);
  if (next_update < kShortestCrl || next_update > api::kLongestCrlByHand) {
    return fail(Code::lifetime_not_allowed, "{}: a CRL lasts {} to {}", to_text(next_update), to_text(kShortestCrl),
                to_text(api::kLongestCrlByHand));
  }
  Issuer ca = TRY(absent_ca(*impl_->issuance.issuers(), issuer));
  UnsignedCrl crl = TRY(impl_->crls.prepare(ca, next_update));
  if (crl.entries.size() > api::NewCrlAnswer::kMostEntries) {
    return fail(Code::too_large, "{} entries; at most {}", crl.entries.size(), api::NewCrlAnswer::kMostEntries);
  }
  // As every signature of a CA: what will be signed is on record before.
  TRY(impl_->state.ledger->note(
      {.actor = requester.text,
       .action = "prepare_crl",
       .details = fmt::format(R"({{"issuer":{},"number":{},"entries":{},"sha256":"{}"}})", ca.id.value, crl.name.number,
                              crl.entries.size(), to_hex(crypto::sha256(crl.tbs)))}));
  api::NewCrlAnswer answer{.issuer = ca.name,
                           .number = static_cast<std::int64_t>(crl.name.number),
                           .this_update = crl.name.this_update,
                           .next_update = crl.name.next_update,
                           .entries = {},
                           .sign_before = impl_->clock.now() + kSignWithin};
  for (const ledger::Revocation& entry : crl.entries) answer.entries.push_back(view_of_entry(entry));
  const std::lock_guard lock(impl_->crls_mutex);
  impl_->waiting_crls.insert_or_assign(issuer, Impl::WaitingCrl{std::move(ca), std::move(crl), answer.sign_before});
  return answer;
}

Result<api::CrlInfo> Authority::sign_crl(const std::string& issuer, const api::CrlSignature& signature,
                                         const Requester& requester) {
  const auto octets = from_base64(signature.signature);
  if (!octets) return fail(Code::bad_request, "'signature': {}", octets.error().words);
  const std::lock_guard lock(impl_->crls_mutex);
  const auto found = impl_->waiting_crls.find(issuer);
  const bool waits = found != impl_->waiting_crls.end() && found->second.until >= impl_->clock.now() &&
                     std::cmp_equal(found->second.crl.name.number, signature.number);
  if (!waits) return fail(Code::not_found, "no CRL {} of '{}' waits for a signature", signature.number, issuer);
  const auto made = TRY(impl_->crls.complete(found->second.issuer, found->second.crl, *octets));
  TRY(impl_->state.ledger->note(
      {.actor = requester.text,
       .action = "sign_crl",
       .details = fmt::format(R"({{"issuer":{},"number":{}}})", found->second.issuer.id.value, made->number)}));
  impl_->waiting_crls.erase(found);
  return view_of(*made);
}

}  // namespace symbolon::authority
