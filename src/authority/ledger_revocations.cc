#include "authority/ledger_revocations.h"

namespace symbolon::authority {

using revocation::IssuerKey;

namespace {

revocation::Change change_of(const IssuerKey& key, const ledger::Revocation& entry) {
  using Reason = ledger::RevocationReason;
  auto effect = revocation::Effect::revoked;
  if (entry.reason == Reason::certificate_hold) effect = revocation::Effect::held;
  if (entry.reason == Reason::remove_from_crl) effect = revocation::Effect::released;
  return {.issuer = key, .serial = entry.serial, .at = entry.revoked_at, .effect = effect};
}

}  // namespace

Result<std::shared_ptr<LedgerRevocations>> LedgerRevocations::follow(ledger::Ledger& ledger, const IssuerSet& issuers,
                                                                     FeedLog* log) {
  auto out = std::make_shared<LedgerRevocations>();
  revocation::RevocationSet::Builder builder;
  for (const Issuer& issuer : issuers.issuers) {
    const IssuerKey key = IssuerKey::of(issuer.certificate);
    out->keys_.emplace(issuer.id, key);
    builder.issuer(key, {});
  }
  // Nothing can be revoked through this ledger before we listen: it was opened by this process and is ours alone.
  TRY(ledger.revocations(0, [&](const ledger::Revocation& revocation) {
    if (const auto key = out->keys_.find(revocation.issuer); key != out->keys_.end()) {
      builder.change(change_of(key->second, revocation));
    }
    if (log != nullptr) log->append(revocation);
    return ledger::Proceed::yes;
  }));
  out->source_->swap(builder.build());
  ledger.on_revocation([out](const ledger::Revocation& revocation) { out->enter(revocation); });
  return out;
}

void LedgerRevocations::enter(const ledger::Revocation& revocation) {
  std::optional<IssuerKey> key;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = keys_.find(revocation.issuer); found != keys_.end()) key = found->second;
  }
  if (key) source_->apply({change_of(*key, revocation)});
}

void LedgerRevocations::add_issuer(const Issuer& issuer) {
  const std::lock_guard lock(mutex_);
  keys_.emplace(issuer.id, IssuerKey::of(issuer.certificate));
}

revocation::SerialState LedgerRevocations::state(const x509::Certificate& issuer,
                                                 const x509::SerialNumber& serial) const {
  return source_->current()->state(IssuerKey::of(issuer), serial);
}

bool LedgerRevocations::revoked(const x509::Certificate& issuer, const x509::SerialNumber& serial) const {
  return state(issuer, serial) != revocation::SerialState::unrevoked;
}

}  // namespace symbolon::authority
