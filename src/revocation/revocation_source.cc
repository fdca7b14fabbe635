#include "revocation/revocation_source.h"

namespace symbolon::revocation {
namespace {

constexpr std::size_t kFew = 256;  // changes that are made one by one

}  // namespace

RevocationSource::RevocationSource() : set_(std::make_shared<const RevocationSet>()) {}

RevocationSource::RevocationSource(std::shared_ptr<const RevocationSet> set) : set_(std::move(set)) {
  ENSURE(set_ != nullptr);
}

void RevocationSource::swap(std::shared_ptr<const RevocationSet> set) {
  ENSURE(set != nullptr);
  {
    const std::scoped_lock lock(mutex_);
    set_.swap(set);
    generation_.fetch_add(1, std::memory_order_acq_rel);
  }
  tell(nullptr);
  // The old set, which may be large, goes here, outside the lock.
}

void RevocationSource::add(const IssuerKey& issuer, const x509::SerialNumber& serial, UnixSeconds since) {
  std::shared_ptr<const RevocationSet> old;
  {
    const std::scoped_lock lock(mutex_);
    old = set_;
    set_ = old->with(issuer, serial, since);
    generation_.fetch_add(1, std::memory_order_acq_rel);
  }
  const Addition added{issuer, serial};
  tell(&added);
}

void RevocationSource::apply(const std::vector<Change>& changes) {
  if (changes.empty()) return;
  if (changes.size() > kFew) {
    RevocationSet::Builder builder;
    builder.add(*current());
    for (const Change& change : changes) builder.change(change);
    return swap(builder.build());
  }
  std::shared_ptr<const RevocationSet> old;
  {
    const std::scoped_lock lock(mutex_);
    old = set_;
    for (const Change& change : changes) {
      if (auto next = set_->with(change)) set_ = std::move(next);
    }
    generation_.fetch_add(1, std::memory_order_acq_rel);
  }
  for (const Change& change : changes) {
    const Addition changed{change.issuer, change.serial};
    tell(&changed);
  }
}

void RevocationSource::on_change(Told told) const {
  const std::scoped_lock lock(telling_);
  told_ = std::move(told);
}

void RevocationSource::tell(const Addition* added) const {
  const std::scoped_lock lock(telling_);
  if (told_) told_(added);
}

std::shared_ptr<const RevocationSet> RevocationSource::current() const {
  const std::scoped_lock lock(mutex_);
  return set_;
}

RevocationSource::Answer RevocationSource::check(const x509::Certificate& issuer, const x509::SerialNumber& serial,
                                                 UnixSeconds at) const {
  const auto set = current();
  const IssuerKey key = IssuerKey::of(issuer);
  Answer answer = set->check(key, serial, at);
  return answer.status == Status::good && is_stale(at) && set->knows(key) ? stale(at) : answer;
}

RevocationSource::Answer RevocationSource::check_certificate(const x509::Certificate& issuer,
                                                             const x509::Certificate& subject, UnixSeconds at) const {
  const auto set = current();
  const IssuerKey key = IssuerKey::of(issuer);
  Answer answer = set->check_certificate(key, subject, at);
  return answer.status == Status::good && is_stale(at) && set->knows(key) ? stale(at) : answer;
}

RevocationSource::Answer RevocationSource::check_pinned(const x509::Certificate& subject, UnixSeconds at) const {
  const auto set = current();
  if (const auto since = set->revoked_by_name(subject.issuer(), subject.serial())) return {Status::revoked, since};
  return is_stale(at) && set->knows_name(subject.issuer()) ? stale(at) : Answer{Status::good};
}

RevocationSource::Answer RevocationSource::stale(UnixSeconds at) const {
  const Seconds late = at - UnixSeconds{good_until_.load(std::memory_order_acquire)};
  return {
      Status::unknown, {}, fmt::format("no news of its issuer's revocations arrive, for {} too long", to_words(late))};
}

}  // namespace symbolon::revocation
