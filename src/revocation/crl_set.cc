#include "revocation/crl_set.h"

#include <algorithm>

#include "revocation/delta_crl.h"

namespace symbolon::revocation {
namespace {

using Status = x509::RevocationChecker::Status;

std::string_view kind_of(const CrlFile& crl) { return crl.is_delta() ? "delta CRL" : "CRL"; }

std::string number_text(const CrlFile& crl) { return crl.number ? "0x" + to_hex(*crl.number) : std::string("none"); }

}  // namespace

std::optional<UnixSeconds> KnownCrl::good_until() const {
  return grace ? std::optional(file->next_update + *grace) : std::nullopt;
}

bool may_replace(const CrlFile& before, const CrlFile& next) {
  return next.issuer_key == before.issuer_key && next.is_delta() == before.is_delta() &&
         next.coverage.same_scope(before.coverage);
}

symbolon::Status check_successor(const CrlFile& before, const CrlFile& next) {
  if (!may_replace(before, next)) return {};
  const bool both = before.number && next.number;
  const bool earlier = next.this_update < before.this_update;
  if (!(both && is_less(*next.number, *before.number)) &&
      !(earlier && !(both && is_less(*before.number, *next.number))))
    return {};
  return fail(Code::crl_number_went_back,
              "the {} of {} has the number {} and thisUpdate {}; the one before has {} and {}, and stays",
              kind_of(next), next.issuer.subject().text(), number_text(next), to_rfc3339(next.this_update),
              number_text(before), to_rfc3339(before.this_update));
}

CrlSet::CrlSet(Contents contents) : lists_(std::move(contents.lists)) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    Issuer& issuer = issuer_of(lists_[i].file->issuer);
    if (!lists_[i].file->is_delta()) issuer.fulls.push_back({.list = i, .delta = {}});
  }
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i].file->is_delta()) add_delta(i);
  }
  for (const x509::Certificate& issuer : contents.demanded) issuer_of(issuer);
  for (Contents::Awaited& one : contents.awaited) issuer_of(one.issuer).awaited = std::move(one.why);
}

CrlSet::Issuer& CrlSet::issuer_of(const x509::Certificate& certificate) {
  Issuer& out = issuers_[IssuerKey::of(certificate)];
  if (std::ranges::find(out.known_as, certificate) == out.known_as.end()) out.known_as.push_back(certificate);
  return out;
}

void CrlSet::add_delta(std::size_t delta) {
  const CrlFile& file = *lists_[delta].file;
  Issuer& issuer = issuers_.find(file.issuer_key)->second;
  bool has_base = false;
  for (Full& full : issuer.fulls) {
    const DeltaFit fit = fit_of(file, *lists_[full.list].file);
    has_base = has_base || fit == DeltaFit::combines || fit == DeltaFit::superseded;
    if (fit != DeltaFit::combines) continue;
    const CrlFile* const known = full.delta ? lists_[*full.delta].file.get() : nullptr;
    if (known == nullptr || is_less(*known->number, *file.number)) full.delta = delta;
  }
  if (!has_base) issuer.deltas.push_back(delta);
}

const CrlFile* CrlSet::delta_of(const CrlFile& crl) const {
  const auto issuer = issuers_.find(crl.issuer_key);
  if (issuer == issuers_.end()) return nullptr;
  for (const Full& full : issuer->second.fulls) {
    if (full.delta && lists_[full.list].file.get() == &crl) return lists_[*full.delta].file.get();
  }
  return nullptr;
}

bool CrlSet::lacks_base(const CrlFile& crl) const {
  const auto issuer = issuers_.find(crl.issuer_key);
  return issuer != issuers_.end() && std::ranges::any_of(issuer->second.deltas, [&](std::size_t delta) {
           return lists_[delta].file.get() == &crl;
         });
}

std::optional<UnixSeconds> CrlSet::revoked(const Full& full, const x509::SerialNumber& serial) const {
  const CrlFile& list = *lists_[full.list].file;
  if (full.delta) {
    const CrlFile& delta = *lists_[*full.delta].file;
    if (const auto since = delta.entries.find(serial)) return since;
    // RFC 5280 §5.3.1: a certificate is removed "because the certificate expired or was removed from hold"; the first
    // is for its dates to say.
    if (delta.removed.find(serial) && list.on_hold.find(serial)) return std::nullopt;
  }
  return list.entries.find(serial);
}

std::optional<UnixSeconds> CrlSet::revoked(const Issuer& issuer, const x509::SerialNumber& serial) const {
  for (const Full& full : issuer.fulls) {
    if (const auto since = revoked(full, serial)) return since;
  }
  for (const std::size_t delta : issuer.deltas) {
    if (const auto since = lists_[delta].file->entries.find(serial)) return since;
  }
  return std::nullopt;
}

CrlSet::Answer CrlSet::check(const IssuerKey& key, const x509::SerialNumber& serial, const x509::Certificate* subject,
                             UnixSeconds at) const {
  const auto place = issuers_.find(key);
  return place == issuers_.end() ? Answer{Status::good} : check(place->second, serial, subject, at);
}

CrlSet::Answer CrlSet::check(const Issuer& issuer, const x509::SerialNumber& serial, const x509::Certificate* subject,
                             UnixSeconds at) const {
  if (const auto since = revoked(issuer, serial)) return {Status::revoked, since};
  if (!issuer.awaited.empty()) return {Status::unknown, {}, issuer.awaited};
  const KnownCrl* latest = nullptr;
  for (const Full& full : issuer.fulls) {
    const Coverage& scope = lists_[full.list].file->coverage;
    if (subject != nullptr ? !scope.covers(*subject) : !scope.whole()) continue;
    const KnownCrl& newest = lists_[full.delta.value_or(full.list)];
    const auto until = newest.good_until();
    if (!until || at <= *until) return {Status::good};
    if (latest == nullptr || latest->file->next_update < newest.file->next_update) latest = &newest;
  }
  if (latest == nullptr) return {Status::unknown, {}, "no CRL of its issuer covers it"};
  const CrlFile& stale = *latest->file;
  return {Status::unknown,
          {},
          fmt::format("the {} of {} from {} should have been renewed by {}, {} ago", kind_of(stale),
                      stale.issuer.subject().text(), latest->from, to_rfc3339(stale.next_update),
                      to_words(at - stale.next_update))};
}

CrlSet::Answer CrlSet::check_pinned(const x509::Certificate& subject, UnixSeconds at) const {
  const crypto::Sha256 name = crypto::sha256(subject.issuer().canonical());
  const auto& named = subject.authority_key_identifier();
  Answer out{Status::good};
  for (const auto& [key, known] : issuers_) {
    if (key.name != name) continue;
    if (const auto since = revoked(known, subject.serial())) return {Status::revoked, since};
    // A CA of the same name with another key did not issue it; where nothing tells them apart, each is asked.
    const bool is_another = named && std::ranges::none_of(known.known_as, [&](const x509::Certificate& one) {
                              return !one.subject_key_identifier() || one.subject_key_identifier() == named;
                            });
    if (is_another || out.status != Status::good) continue;
    out = check(known, subject.serial(), &subject, at);
  }
  return out;
}

void CrlSource::swap(std::shared_ptr<const CrlSet> set) {
  ENSURE(set != nullptr);
  const std::scoped_lock lock(mutex_);
  set_.swap(set);
  speaks_.store(set_->speaks(), std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const CrlSet> CrlSource::current() const {
  const std::scoped_lock lock(mutex_);
  return set_;
}

CrlSource::Answer CrlSource::check(const x509::Certificate& issuer, const x509::SerialNumber& serial,
                                   UnixSeconds at) const {
  if (!speaks_.load(std::memory_order_acquire)) return {Status::good};
  return current()->check(IssuerKey::of(issuer), serial, nullptr, at);
}

CrlSource::Answer CrlSource::check_certificate(const x509::Certificate& issuer, const x509::Certificate& subject,
                                               UnixSeconds at) const {
  if (!speaks_.load(std::memory_order_acquire)) return {Status::good};
  return current()->check(IssuerKey::of(issuer), subject.serial(), &subject, at);
}

CrlSource::Answer CrlSource::check_pinned(const x509::Certificate& subject, UnixSeconds at) const {
  if (!speaks_.load(std::memory_order_acquire)) return {Status::good};
  return current()->check_pinned(subject, at);
}

}  // namespace symbolon::revocation
