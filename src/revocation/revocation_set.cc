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

// Does a change of the same serial after this one change anything?
bool follows(const Change& before, const Change& change) {
  switch (before.effect) {
    case Effect::revoked: return false;
    case Effect::held:
      return change.effect == Effect::revoked || (change.effect == Effect::released && before.at <= change.at);
    case Effect::released: return change.effect != Effect::released;
  }
  return false;
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
  if (const auto since = issuer.since(serial)) return {Status::revoked, since};
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
  return state(key, serial) != SerialState::unrevoked;
}

SerialState RevocationSet::state(const IssuerKey& key, const x509::SerialNumber& serial) const {
  const auto place = issuers_.find(key);
  return place == issuers_.end() ? SerialState::unrevoked : place->second.state(serial);
}

std::optional<UnixSeconds> RevocationSet::revoked_by_name(const x509::DistinguishedName& issuer,
                                                          const x509::SerialNumber& serial) const {
  const crypto::Sha256 name = crypto::sha256(issuer.canonical());
  for (const auto& [key, known] : issuers_) {
    if (key.name != name) continue;
    if (const auto since = known.since(serial)) return since;
  }
  return std::nullopt;
}

std::shared_ptr<const RevocationSet> RevocationSet::with(const IssuerKey& key, const x509::SerialNumber& serial,
                                                         UnixSeconds since) const {
  auto out = std::make_shared<RevocationSet>(*this);
  Issuer& issuer = out->issuers_.try_emplace(key, Issuer{{}, {}, {Coverage{}}}).first->second;
  issuer.held.remove(serial);
  issuer.revoked.add(serial, since);
  return out;
}

bool RevocationSet::changes(const Change& change) const {
  const auto place = issuers_.find(change.issuer);
  const SerialState now = place == issuers_.end() ? SerialState::unrevoked : place->second.state(change.serial);
  switch (change.effect) {
    case Effect::revoked: return now != SerialState::revoked;
    case Effect::held: return now == SerialState::unrevoked;
    // An older release is of an older hold: it comes again to whoever asks from the beginning.
    case Effect::released: return now == SerialState::held && *place->second.held.find(change.serial) <= change.at;
  }
  return false;
}

std::shared_ptr<const RevocationSet> RevocationSet::with(const Change& change) const {
  if (!changes(change)) return nullptr;
  if (change.effect == Effect::revoked) return with(change.issuer, change.serial, change.at);
  auto out = std::make_shared<RevocationSet>(*this);
  Issuer& issuer = out->issuers_.try_emplace(change.issuer, Issuer{{}, {}, {Coverage{}}}).first->second;
  if (change.effect == Effect::held) {
    issuer.held.add(change.serial, change.at);
  } else {
    issuer.held.remove(change.serial);
  }
  return out;
}

std::vector<std::size_t> RevocationSet::effective(const std::vector<Change>& changes) const {
  std::map<std::pair<IssuerKey, x509::SerialNumber>, const Change*> last;  // that changed something, of each serial
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    const Change*& before = last[{change.issuer, change.serial}];
    if (before != nullptr ? !follows(*before, change) : !this->changes(change)) continue;
    before = &change;
    out.push_back(i);
  }
  return out;
}

RevocationSet::Layers::Layers() : bulk(empty_table()), recent(empty_table()) {}
RevocationSet::Layers::Layers(SerialTable table)
    : bulk(std::make_shared<const SerialTable>(std::move(table))), recent(empty_table()) {}

std::optional<UnixSeconds> RevocationSet::Layers::find(const x509::SerialNumber& serial) const {
  if (const auto since = bulk->find(serial)) return since;
  return recent->find(serial);
}

void RevocationSet::Layers::add(const x509::SerialNumber& serial, UnixSeconds since) {
  SerialTable one;
  one.add(serial, since);
  SerialTable grown = recent->merged_with(one);
  if (grown.size() < kMostRecent) {
    recent = std::make_shared<const SerialTable>(std::move(grown));
  } else {
    bulk = std::make_shared<const SerialTable>(bulk->merged_with(grown));
    recent = empty_table();
  }
}

void RevocationSet::Layers::remove(const x509::SerialNumber& serial) {
  for (auto* const table : {&bulk, &recent}) {
    if ((*table)->find(serial)) *table = std::make_shared<const SerialTable>((*table)->without(serial));
  }
}

std::size_t RevocationSet::Layers::size() const {
  std::size_t count = bulk->size();
  recent->for_each([&](ByteView octets, UnixSeconds) {
    const auto serial = x509::SerialNumber::from_magnitude(octets);
    if (!serial || !bulk->find(*serial)) ++count;
  });
  return count;
}

SerialState RevocationSet::Issuer::state(const x509::SerialNumber& serial) const {
  if (revoked.find(serial)) return SerialState::revoked;
  return held.find(serial) ? SerialState::held : SerialState::unrevoked;
}

std::optional<UnixSeconds> RevocationSet::Issuer::since(const x509::SerialNumber& serial) const {
  if (const auto at = revoked.find(serial)) return at;
  return held.find(serial);
}

bool RevocationSet::knows(const IssuerKey& issuer) const { return issuers_.contains(issuer); }

bool RevocationSet::knows_name(const x509::DistinguishedName& issuer) const {
  const crypto::Sha256 name = crypto::sha256(issuer.canonical());
  return std::ranges::any_of(issuers_, [&](const auto& one) { return one.first.name == name; });
}

std::size_t RevocationSet::size() const {
  std::size_t count = 0;
  for (const auto& [key, issuer] : issuers_) count += issuer.revoked.size() + issuer.held.size();
  return count;
}

std::size_t RevocationSet::issuers() const { return issuers_.size(); }

std::size_t RevocationSet::memory() const {
  std::size_t octets = 0;
  for (const auto& [key, issuer] : issuers_) octets += issuer.revoked.memory() + issuer.held.memory();
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

RevocationSet::Builder& RevocationSet::Builder::change(const Change& change) {
  Pending& pending = pending_[change.issuer];
  switch (change.effect) {
    case Effect::revoked: pending.table.add(change.serial, change.at); break;
    case Effect::held: pending.held.try_emplace(change.serial, change.at); break;
    case Effect::released:
      if (const auto held = pending.held.find(change.serial); held != pending.held.end() && held->second <= change.at) {
        pending.held.erase(held);
      }
      break;
  }
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
    for (const auto& table : {issuer.revoked.bulk, issuer.revoked.recent}) pending.table.append(*table);
    issuer.held.for_each([&](ByteView octets, UnixSeconds since) {
      if (const auto serial = x509::SerialNumber::from_magnitude(octets)) pending.held.try_emplace(*serial, since);
    });
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
    SerialTable held;
    for (const auto& [serial, since] : pending.held) {
      if (!pending.table.find(serial)) held.add(serial, since);
    }
    held.sort();
    out->issuers_.emplace(
        key, Issuer{Layers(std::move(pending.table)), Layers(std::move(held)), std::move(pending.coverage)});
  }
  pending_.clear();
  return out;
}

}  // namespace symbolon::revocation
