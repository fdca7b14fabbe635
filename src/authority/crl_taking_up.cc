// What was published before a process began, or by whoever has a key that is not here.
#include "authority/crl_publisher_impl.h"
#include "authority/published_crl.h"

namespace symbolon::authority {

// Kept, and served; also what the operator did not take away. Null: no full one of this CA. Fails with
// crl_ahead_of_ledger; it is kept then, too.
CrlPublisher::Impl::Made CrlPublisher::Impl::published(const Issuer& issuer, const CrlIssuer& all) {
  auto content = folder.read(issuer.name);
  auto there = content ? read_published(issuer, {}, *std::move(content)) : std::nullopt;
  if (!there) {
    forget(issuer.name);
    return nullptr;
  }
  const CrlComparison found = TRY(compare(ledger, all, *there));
  if (!found.lacks && found.beyond == 0) there->crl->revocations = found.newest;
  keep(there->crl);
  if (found.beyond == 0) return there->crl;
  return ahead(folder.file(issuer.name), *there->crl, found);
}

// Shards and the delta CRL go with the full one: where that was taken away, so that what the ledger lacks counts again,
// they do not stand in the way either. A delta CRL that nobody makes new any more is not served: who knows its place
// would go by it when it has ended.
Status CrlPublisher::Impl::take_up_parts(const Issuer& issuer, const CrlIssuer& all, const Made& full) {
  Status outcome = full ? Status() : std::unexpected(full.error());
  for (const CrlPart& part : folder.parts(issuer.name)) {
    if (part.shards != 0) former_shards[issuer.name].insert(part.shards);
    auto content = folder.read(issuer.name, part);
    const auto there = content ? read_published(issuer, part, *std::move(content)) : std::nullopt;
    if (!there) continue;
    if (!part.delta || options.delta) keep(there->crl);
    auto& updates = part.delta ? last_update : last_shard_update;
    UnixSeconds& last = updates.try_emplace(all.ids.front(), there->crl->this_update).first->second;
    last = std::max(last, there->crl->this_update);
    if (!outcome || !full || *full == nullptr) continue;
    const CrlComparison found = TRY(compare(ledger, all, *there));
    if (found.beyond != 0) outcome = ahead(folder.file(issuer.name, part), *there->crl, found);
  }
  return outcome;
}

Status CrlPublisher::Impl::take_up(const CrlIssuer& all, const IssuerSet& set) {
  if (!publishes()) return {};
  for (const ledger::IssuerId id : all.ids) {
    const Issuer& issuer = *set.find(id);
    if (compared.contains(issuer.name)) continue;
    const auto found = published(issuer, all);
    const Status all_of_it = take_up_parts(issuer, all, found);
    note_standing(issuer, all_of_it);
    if (!all_of_it) return all_of_it;
    compared.insert(issuer.name);
    if (*found == nullptr) continue;
    UnixSeconds& last = last_update.try_emplace(all.ids.front(), (*found)->this_update).first->second;
    last = std::max(last, (*found)->this_update);
  }
  return {};
}

bool CrlPublisher::Impl::settled(const CrlIssuer& all) const {
  return std::ranges::all_of(all.names, [this](const std::string& name) { return compared.contains(name); });
}

// What whoever has the key put there: it is served as it is. `revoked`: it may lack something since.
Status CrlPublisher::Impl::look_at(const Issuer& issuer, const CrlIssuer& all, bool revoked) {
  const auto written = folder.written_at(issuer.name);
  const auto before = looked_at.find(issuer.name);
  if (before != looked_at.end() && before->second == written && !revoked) return {};
  auto content = folder.read(issuer.name);
  auto there = content ? read_published(issuer, {}, *std::move(content)) : std::nullopt;
  if (there) {
    keep(there->crl);
  } else {
    forget(issuer.name);
    there.emplace(PublishedCrl{.crl = std::make_shared<Crl>(), .entries = {}});
  }
  const CrlComparison found = TRY(compare(ledger, all, *there));
  {
    const std::lock_guard lock(mutex);
    lacking.insert_or_assign(issuer.name, found.misses);
  }
  looked_at.insert_or_assign(issuer.name, written);
  return {};
}

}  // namespace symbolon::authority
