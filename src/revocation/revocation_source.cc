#include "revocation/revocation_source.h"

namespace symbolon::revocation {

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
  tell();
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
  tell();
}

void RevocationSource::on_change(std::function<void()> told) const {
  const std::scoped_lock lock(telling_);
  told_ = std::move(told);
}

void RevocationSource::tell() const {
  const std::scoped_lock lock(telling_);
  if (told_) told_();
}

std::shared_ptr<const RevocationSet> RevocationSource::current() const {
  const std::scoped_lock lock(mutex_);
  return set_;
}

RevocationSource::Answer RevocationSource::check(const x509::Certificate& issuer, const x509::SerialNumber& serial,
                                                 UnixSeconds at) const {
  return current()->check(IssuerKey::of(issuer), serial, at);
}

RevocationSource::Answer RevocationSource::check_certificate(const x509::Certificate& issuer,
                                                             const x509::Certificate& subject, UnixSeconds at) const {
  return current()->check_certificate(IssuerKey::of(issuer), subject, at);
}

RevocationSource::Answer RevocationSource::check_pinned(const x509::Certificate& subject, UnixSeconds) const {
  const auto since = current()->revoked_by_name(subject.issuer(), subject.serial());
  return {since ? Status::revoked : Status::good, since};
}

}  // namespace symbolon::revocation
