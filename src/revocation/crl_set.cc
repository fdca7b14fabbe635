#include "revocation/crl_set.h"

#include <algorithm>

namespace symbolon::revocation {
namespace {

using Status = x509::RevocationChecker::Status;

// Magnitudes without leading zeros: the longer one is the larger one.
bool is_less(const Bytes& a, const Bytes& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

std::string number_text(const CrlFile& crl) { return crl.number ? "0x" + to_hex(*crl.number) : std::string("none"); }

}  // namespace

std::optional<UnixSeconds> KnownCrl::good_until() const {
  return grace ? std::optional(file->next_update + *grace) : std::nullopt;
}

symbolon::Status check_successor(const CrlFile& before, const CrlFile& next) {
  if (next.issuer_key != before.issuer_key || !next.coverage.same_scope(before.coverage)) return {};
  const bool both = before.number && next.number;
  const bool earlier = next.this_update < before.this_update;
  if (!(both && is_less(*next.number, *before.number)) &&
      !(earlier && !(both && is_less(*before.number, *next.number))))
    return {};
  return fail(Code::crl_number_went_back,
              "the CRL of {} has the number {} and thisUpdate {}; the one before has {} and {}, and stays",
              next.issuer.subject().text(), number_text(next), to_rfc3339(next.this_update), number_text(before),
              to_rfc3339(before.this_update));
}

CrlSet::CrlSet(Contents contents) : lists_(std::move(contents.lists)) {
  for (std::size_t i = 0; i < lists_.size(); ++i) issuers_[lists_[i].file->issuer_key].lists.push_back(i);
  for (const x509::Certificate& issuer : contents.demanded) issuers_.try_emplace(IssuerKey::of(issuer));
  for (Contents::Awaited& one : contents.awaited) issuers_[IssuerKey::of(one.issuer)].awaited = std::move(one.why);
}

std::optional<UnixSeconds> CrlSet::revoked(const Issuer& issuer, const x509::SerialNumber& serial) const {
  for (const std::size_t i : issuer.lists) {
    if (const auto since = lists_[i].file->entries.find(serial)) return since;
  }
  return std::nullopt;
}

CrlSet::Answer CrlSet::check(const IssuerKey& key, const x509::SerialNumber& serial, const x509::Certificate* subject,
                             UnixSeconds at) const {
  const auto place = issuers_.find(key);
  if (place == issuers_.end()) return {Status::good};
  const Issuer& issuer = place->second;
  if (const auto since = revoked(issuer, serial)) return {Status::revoked, since};
  if (!issuer.awaited.empty()) return {Status::unknown, {}, issuer.awaited};
  const KnownCrl* latest = nullptr;
  for (const std::size_t i : issuer.lists) {
    const KnownCrl& list = lists_[i];
    const Coverage& scope = list.file->coverage;
    if (subject != nullptr ? !scope.covers(*subject) : !scope.whole()) continue;
    const auto until = list.good_until();
    if (!until || at <= *until) return {Status::good};
    if (latest == nullptr || latest->file->next_update < list.file->next_update) latest = &list;
  }
  if (latest == nullptr) return {Status::unknown, {}, "no CRL of its issuer covers it"};
  const CrlFile& stale = *latest->file;
  return {Status::unknown,
          {},
          fmt::format("the CRL of {} from {} should have been renewed by {}, {} ago", stale.issuer.subject().text(),
                      latest->from, to_rfc3339(stale.next_update), to_words(at - stale.next_update))};
}

std::optional<UnixSeconds> CrlSet::revoked_by_name(const x509::DistinguishedName& issuer,
                                                   const x509::SerialNumber& serial) const {
  const crypto::Sha256 name = crypto::sha256(issuer.canonical());
  for (const auto& [key, known] : issuers_) {
    if (key.name != name) continue;
    if (const auto since = revoked(known, serial)) return since;
  }
  return std::nullopt;
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

CrlSource::Answer CrlSource::check_pinned(const x509::Certificate& subject, UnixSeconds) const {
  if (const auto since = current()->revoked_by_name(subject.issuer(), subject.serial()))
    return {Status::revoked, since};
  return {Status::good};
}

}  // namespace symbolon::revocation
