#include "revocation/revocation_set.h"

#include <algorithm>

namespace symbolon::revocation {
namespace {

// Entries of `recent` before they are folded into `bulk`: copying so many costs less than a millisecond.
constexpr std::size_t kMostRecent = 4096;

std::shared_ptr<const SerialTable> empty_table() {
  static const auto kEmpty = std::make_shared<const SerialTable>();
  return kEmpty;
}

}  // namespace

RevocationSet::RevocationSet() = default;

RevocationSet::Answer RevocationSet::check(const IssuerKey& key, const x509::SerialNumber& serial,
                                           UnixSeconds at) const {
  return answer(key, serial, nullptr, at);
}

RevocationSet::Answer RevocationSet::check_certificate(const IssuerKey& key, const x509::Certificate& subject,
                                                       UnixSeconds at) const {
  return answer(key, subject.serial(), &subject, at);
}

RevocationSet::Answer RevocationSet::answer(const IssuerKey& key, const x509::SerialNumber& serial,
                                            const x509::Certificate* subject, UnixSeconds at) const {
  using Status = x509::RevocationChecker::Status;
  const auto place = issuers_.find(key);
  if (place == issuers_.end()) {
    if (demand_ == Demand::listed) return {Status::good};
    return {Status::unknown, {}, "there is no revocation data of its issuer"};
  }
  const Issuer& issuer = place->second;
  // What is revoked stays so, however old the knowledge of it is.
  for (const auto& table : {issuer.bulk, issuer.recent}) {
    if (const auto since = table->find(serial)) return {Status::revoked, since};
  }
  std::optional<UnixSeconds> latest;
  for (const Coverage& coverage : issuer.coverage) {
    if (subject != nullptr ? !coverage.covers(*subject) : !coverage.whole()) continue;
    if (!coverage.next_update || at <= *coverage.next_update + grace_) return {Status::good};
    latest = std::max(latest, coverage.next_update);
  }
  if (!latest) return {Status::unknown, {}, "no list of its issuer covers it"};
  return {Status::unknown,
          {},
          fmt::format("the revocation data of its issuer should have been renewed by {}, {} ago", to_rfc3339(*latest),
                      to_words(at - *latest))};
}

bool RevocationSet::revoked(const IssuerKey& key, const x509::SerialNumber& serial) const {
  const auto place = issuers_.find(key);
  return place != issuers_.end() &&
         (place->second.bulk->find(serial).has_value() || place->second.recent->find(serial).has_value());
}

std::optional<UnixSeconds> RevocationSet::revoked_by_name(const x509::DistinguishedName& issuer,
                                                          const x509::SerialNumber& serial) const {
  const crypto::Sha256 name = crypto::sha256(issuer.canonical());
  for (const auto& [key, known] : issuers_) {
    if (key.name != name) continue;
    for (const auto& table : {known.bulk, known.recent}) {
      if (const auto since = table->find(serial)) return since;
    }
  }
  return std::nullopt;
}

std::shared_ptr<const RevocationSet> RevocationSet::with(const IssuerKey& key, const x509::SerialNumber& serial,
                                                         UnixSeconds since) const {
  auto out = std::make_shared<RevocationSet>(*this);
  Issuer& issuer = out->issuers_.try_emplace(key, Issuer{empty_table(), empty_table(), {Coverage{}}}).first->second;
  SerialTable one;
  one.add(serial, since);
  SerialTable recent = issuer.recent->merged_with(one);
  if (recent.size() < kMostRecent) {
    issuer.recent = std::make_shared<const SerialTable>(std::move(recent));
  } else {
    issuer.bulk = std::make_shared<const SerialTable>(issuer.bulk->merged_with(recent));
    issuer.recent = empty_table();
  }
  return out;
}

bool RevocationSet::knows(const IssuerKey& issuer) const { return issuers_.contains(issuer); }

bool RevocationSet::knows_name(const x509::DistinguishedName& issuer) const {
  const crypto::Sha256 name = crypto::sha256(issuer.canonical());
  return std::ranges::any_of(issuers_, [&](const auto& one) { return one.first.name == name; });
}

std::size_t RevocationSet::size() const {
  std::size_t count = 0;
  for (const auto& [key, issuer] : issuers_) {
    count += issuer.bulk->size();
    issuer.recent->for_each([&](ByteView octets, UnixSeconds) {
      const auto serial = x509::SerialNumber::from_magnitude(octets);
      if (!serial || !issuer.bulk->find(*serial)) ++count;
    });
  }
  return count;
}

std::size_t RevocationSet::issuers() const { return issuers_.size(); }

std::size_t RevocationSet::memory() const {
  std::size_t octets = 0;
  for (const auto& [key, issuer] : issuers_) octets += issuer.bulk->memory() + issuer.recent->memory();
  return octets;
}

RevocationSet::Builder& RevocationSet::Builder::demand(Demand demand) {
  demand_ = demand;
  return *this;
}

RevocationSet::Builder& RevocationSet::Builder::grace(Seconds grace) {
  grace_ = grace;
  return *this;
}

RevocationSet::Builder& RevocationSet::Builder::issuer(const IssuerKey& key, const Coverage& coverage) {
  pending_[key].coverage.push_back(coverage);
  return *this;
}

RevocationSet::Builder& RevocationSet::Builder::add(const IssuerKey& key, const x509::SerialNumber& serial,
                                                    UnixSeconds since) {
  pending_[key].table.add(serial, since);
  return *this;
}

RevocationSet::Builder& RevocationSet::Builder::add(const IssuerKey& key, const Coverage& coverage, SerialTable table) {
  issuer(key, coverage);
  SerialTable& known = pending_[key].table;
  known = known.size() == 0 ? std::move(table) : known.merged_with(table);
  return *this;
}

RevocationSet::Builder& RevocationSet::Builder::add(const RevocationSet& set) {
  for (const auto& [key, issuer] : set.issuers_) {
    Pending& pending = pending_[key];
    pending.coverage.insert(pending.coverage.end(), issuer.coverage.begin(), issuer.coverage.end());
    for (const auto& table : {issuer.bulk, issuer.recent}) {
      pending.table = pending.table.size() == 0 ? *table : pending.table.merged_with(*table);
    }
  }
  return *this;
}

std::shared_ptr<const RevocationSet> RevocationSet::Builder::build() {
  auto out = std::make_shared<RevocationSet>();
  out->demand_ = demand_;
  out->grace_ = grace_;
  for (auto& [key, pending] : pending_) {
    pending.table.sort();
    if (pending.coverage.empty()) pending.coverage.emplace_back();
    out->issuers_.emplace(key, Issuer{std::make_shared<const SerialTable>(std::move(pending.table)), empty_table(),
                                      std::move(pending.coverage)});
  }
  pending_.clear();
  return out;
}

}  // namespace symbolon::revocation
