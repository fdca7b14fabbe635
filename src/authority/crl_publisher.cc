#include "authority/crl_publisher.h"

#include "authority/crl_publisher_impl.h"
#include "authority/published_crl.h"
#include "base/memory_guard.h"

namespace symbolon::authority {

std::shared_ptr<const Crl> CrlPublisher::Impl::find(const std::string& issuer, const CrlPart& part) const {
  const std::lock_guard lock(mutex);
  const auto found = crls.find({issuer, part});
  return found == crls.end() ? nullptr : found->second;
}

void CrlPublisher::Impl::keep(std::shared_ptr<const Crl> crl) {
  const std::lock_guard lock(mutex);
  std::pair key{crl->issuer, crl->part};
  crls.insert_or_assign(std::move(key), std::move(crl));
}

void CrlPublisher::Impl::forget(const std::string& issuer) {
  const std::lock_guard lock(mutex);
  crls.erase(std::pair{issuer, CrlPart{}});
}

void CrlPublisher::Impl::note_failure(const std::string& what, const Error& why) {
  if (!publishes()) return;
  const std::lock_guard lock(mutex);
  failures.insert_or_assign(what, why);
}

void CrlPublisher::Impl::note_success(const std::string& what) {
  const std::lock_guard lock(mutex);
  failures.erase(what);
}

void CrlPublisher::Impl::note_standing(const Issuer& issuer, Status standing) {
  const std::lock_guard lock(mutex);
  standings.insert_or_assign(issuer.name, std::move(standing));
}

CrlPublisher::CrlPublisher(ledger::Ledger& ledger, const Clock& clock, StateLayout layout, Issuers issuers,
                           CrlPublisherOptions options)
    : impl_(std::make_unique<Impl>(ledger, clock, std::move(layout), std::move(issuers), std::move(options))) {
  if (!impl_->publishes()) return;
  ledger.on_revocation([bell = impl_->bell](const ledger::Revocation& revocation) {
    const std::lock_guard lock(bell->mutex);
    try {
      bell->revoked.insert(revocation.issuer);
    } catch (const std::bad_alloc&) {
      bell->unsure = true;
    }
    bell->rung.notify_all();
  });
}

CrlPublisher::~CrlPublisher() {
  {
    const std::lock_guard lock(impl_->bell->mutex);
    impl_->bell->stopping = true;
  }
  impl_->bell->rung.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void CrlPublisher::start() {
  if (!impl_->publishes() || impl_->thread.joinable()) return;
  impl_->thread = std::thread([this] { impl_->run(); });
}

void CrlPublisher::issuers_changed() {
  const std::lock_guard lock(impl_->bell->mutex);
  impl_->bell->issuers_changed = true;
  impl_->bell->rung.notify_all();
}

Result<std::shared_ptr<const Crl>> CrlPublisher::current(const std::string& issuer) {
  const auto set = impl_->issuers();
  const auto found = std::ranges::find(set->issuers, issuer, &Issuer::name);
  if (found == set->issuers.end()) return fail(Code::issuer_unknown, "'{}'", issuer);
  if (!found->can_sign()) return fail(Code::issuer_unknown, "the key of '{}' is not at hand", issuer);
  if (!may_sign_crls(*found)) {
    return fail(Code::crl_issuer_may_not_sign, "the CA '{}': its keyUsage lacks cRLSign", issuer);
  }
  std::shared_ptr<const Crl> crl;
  TRY(unless_out_of_memory([&]() -> Status {
    crl = TRY(impl_->renew(*found, *set, Seconds{impl_->options.next_update.count / 2}));
    return {};
  }));
  return crl;
}

Status CrlPublisher::check_ledger(const Issuer& issuer) const {
  if (!impl_->publishes() || !may_sign_crls(issuer)) return {};
  const std::lock_guard lock(impl_->mutex);
  const auto standing = impl_->standings.find(issuer.name);
  if (standing != impl_->standings.end()) return standing->second;
  return fail(Code::overloaded, "the published CRL of '{}' was not held against the ledger yet", issuer.name);
}

bool CrlPublisher::owes() const {
  const std::lock_guard lock(impl_->bell->mutex);
  return impl_->bell->behind || impl_->bell->unsure || !impl_->bell->revoked.empty();
}

Status CrlPublisher::publish_now() {
  if (!impl_->publishes()) return {};
  Status outcome;
  const auto set = impl_->issuers();
  for (const Issuer& issuer : set->issuers) {
    if (!issuer.can_sign() || !may_sign_crls(issuer)) continue;
    {
      const std::lock_guard lock(impl_->making);
      const Status parts = unless_out_of_memory([&] { return impl_->publish_shards(issuer, *set); });
      if (!parts && outcome) outcome = parts;
    }
    const auto made = current(issuer.name);
    if (!made && outcome) outcome = std::unexpected(made.error());
  }
  return outcome;
}

std::shared_ptr<const Crl> CrlPublisher::find(const std::string& issuer, const CrlPart& part) const {
  return impl_->find(issuer, part);
}

std::vector<std::shared_ptr<const Crl>> CrlPublisher::all() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::shared_ptr<const Crl>> out;
  for (const auto& [key, crl] : impl_->crls) {
    if (key.second == CrlPart{}) out.push_back(crl);
  }
  return out;
}

// What no further try would mend.
std::optional<Error> CrlPublisher::Impl::shortcoming_of(const Issuer& issuer, const IssuerSet& set) const {
  if (issuer.can_sign()) {
    if (may_sign_crls(issuer)) return std::nullopt;
    return Error{Code::crl_issuer_may_not_sign, fmt::format("the CA '{}' has none", issuer.name)};
  }
  const UnixSeconds now = clock.now();
  // What a CA issued that is over or revoked is refused without one.
  if (!looked_around || !issuer.ours || set.revoked(issuer)) return std::nullopt;
  if (now > issuer.certificate.validity().not_after) return std::nullopt;
  const auto there = find(issuer.name);
  bool lacks = false;
  {
    const std::lock_guard lock(mutex);
    const auto found = lacking.find(issuer.name);
    lacks = found != lacking.end() && found->second;
  }
  // Where a root has revoked nothing, few ask for its CRL.
  if (!there && issuer.is_root() && !lacks) return std::nullopt;
  if (!there) return Error{Code::crl_lapses, fmt::format("none of '{}' is there", issuer.name)};
  if (lacks) return Error{Code::crl_lapses, fmt::format("that of '{}' lacks what was revoked since", issuer.name)};
  if (now <= half_over(*there)) return std::nullopt;
  return Error{Code::crl_lapses, fmt::format("that of '{}' ends {}", issuer.name, to_rfc3339(there->next_update))};
}

std::vector<Error> CrlPublisher::failures() const {
  std::vector<Error> out;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [name, error] : impl_->failures) {
      out.push_back({error.code, fmt::format("the CRL of '{}': {}", name, error.words), error.where});
    }
  }
  if (!impl_->publishes()) return out;
  const auto set = impl_->issuers();
  for (const Issuer& issuer : set->issuers) {
    if (auto lacking = impl_->shortcoming_of(issuer, *set)) out.push_back(*std::move(lacking));
  }
  return out;
}

}  // namespace symbolon::authority
