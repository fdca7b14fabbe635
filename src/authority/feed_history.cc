#include "authority/feed_history.h"

#include <algorithm>

#include "api/feed_block.h"
#include "authority/records_view.h"
#include "revocation/issuer_key.h"

namespace symbolon::authority {

using revocation::FeedPoint;

Status FeedIssuers::read() {
  for (const ledger::Issuer& issuer : TRY(list_())) {
    if (octets_.contains(issuer.id)) continue;
    const auto certificate = x509::Certificate::from_der(issuer.certificate);
    if (!certificate) {
      return fail(Code::ledger_corrupt, "the certificate of the issuer '{}': {}", issuer.name,
                  certificate.error().words);
    }
    octets_.emplace(issuer.id, revocation::IssuerKey::of(*certificate).octets);
  }
  return {};
}

Result<crypto::Sha256> FeedIssuers::octets_of(ledger::IssuerId id) {
  auto found = octets_.find(id);
  if (found == octets_.end()) {
    TRY(read());
    found = octets_.find(id);
  }
  if (found != octets_.end()) return found->second;
  return fail(Code::issuer_unknown, "there is no issuer {}", id.value);
}

Result<ledger::IssuerId> FeedIssuers::find(const crypto::Sha256& octets) {
  const auto is_it = [&](const auto& one) { return one.second == octets; };
  auto found = std::ranges::find_if(octets_, is_it);
  if (found == octets_.end()) {
    TRY(read());
    found = std::ranges::find_if(octets_, is_it);
  }
  if (found != octets_.end()) return found->first;
  return fail(Code::issuer_unknown, "no CA of the ledger is called {} in the feed", to_hex(octets));
}

revocation::FeedChainEntry chain_entry_of(const ledger::Revocation& revocation, const crypto::Sha256& issuer) {
  return {.issuer = issuer,
          .serial = revocation.serial,
          .reason = static_cast<std::uint8_t>(view_of(revocation).reason),
          .at = revocation.revoked_at,
          .invalid_since = revocation.invalid_since};
}

FeedHistory::FeedHistory(ledger::Ledger& ledger, std::shared_ptr<const FeedLog> entries)
    : ledger_(ledger),
      entries_(std::move(entries)),
      issuers_([&ledger] { return ledger.issuers(); }),
      steps_{newest_.hash},
      recent_(kRecent) {
  recent_[0] = newest_.hash;
}

void FeedHistory::go_on(const revocation::FeedChainEntry& entry) {
  newest_.add(entry);
  if (newest_.number % kStep == 0) steps_.push_back(newest_.hash);
  recent_[newest_.number % kRecent] = newest_.hash;
}

Result<bool> FeedHistory::catch_up() {
  if (!entries_) return catch_up_in_ledger();
  const auto octets_of = [this](ledger::IssuerId id) { return issuers_.octets_of(id); };
  const FeedLog::Part part = TRY(entries_->after(newest_.number, octets_of));
  if (part.block.empty()) return false;
  const auto block = TRY(api::FeedBlock::parse(part.block));
  block.for_each([&](const api::PackedEntry& entry) {
    revocation::FeedChainEntry of_chain{.serial = *x509::SerialNumber::from_magnitude(entry.serial),
                                        .reason = static_cast<std::uint8_t>(entry.reason),
                                        .at = entry.at,
                                        .invalid_since = entry.invalid_since};
    std::ranges::copy(block.issuer(entry.issuer), of_chain.issuer.begin());
    go_on(of_chain);
  });
  return true;
}

Result<bool> FeedHistory::catch_up_in_ledger() {
  Status outcome;
  const std::uint64_t before = newest_.number;
  TRY(ledger_.revocations(before, [&](const ledger::Revocation& revocation) {
    const auto issuer = issuers_.octets_of(revocation.issuer);
    if (!issuer) outcome = std::unexpected(issuer.error());
    if (!issuer) return ledger::Proceed::no;
    go_on(chain_entry_of(revocation, *issuer));
    return ledger::Proceed::yes;
  }));
  TRY(outcome);
  return newest_.number > before;
}

FeedPoint FeedHistory::at_or_before(std::uint64_t number) const {
  if (newest_.number - number < kRecent) return {number, recent_[number % kRecent]};
  const std::uint64_t step = number / kStep;
  return {step * kStep, steps_.at(step)};
}

Result<FeedPoint> FeedHistory::walk(FeedPoint from, std::uint64_t to) {
  if (from.number == to) return from;
  Status outcome;
  TRY(ledger_.revocations(from.number, [&](const ledger::Revocation& revocation) {
    const auto issuer = issuer_octets(revocation.issuer);
    if (!issuer) outcome = std::unexpected(issuer.error());
    if (!issuer) return ledger::Proceed::no;
    from.add(chain_entry_of(revocation, *issuer));
    return from.number < to ? ledger::Proceed::yes : ledger::Proceed::no;
  }));
  TRY(outcome);
  return from;
}

Result<FeedPoint> FeedHistory::newest() {
  while (true) {
    const std::lock_guard lock(mutex_);
    if (!TRY(catch_up())) return newest_;
  }
}

Result<FeedPoint> FeedHistory::at(std::uint64_t number) {
  FeedPoint from;
  for (bool there = false; !there;) {
    const std::lock_guard lock(mutex_);
    there = number <= newest_.number;
    if (there) {
      from = at_or_before(number);
    } else if (!TRY(catch_up()) && !TRY(catch_up_in_ledger())) {  // it may be committed, and not yet told
      return fail(Code::not_found, "the feed has {} entries", newest_.number);
    }
  }
  return walk(from, number);
}

Result<bool> FeedHistory::has(const FeedPoint& point) {
  const auto here = at(point.number);
  if (here) return here->hash == point.hash;
  if (here.error().code == Code::not_found) return false;
  return std::unexpected(here.error());
}

Result<std::vector<api::FeedMark>> FeedHistory::past() {
  const std::uint64_t newest = TRY(this->newest()).number;
  std::vector<api::FeedMark> out;
  for (std::uint64_t back = 0;;) {
    const std::uint64_t number = newest > back ? newest - back : 0;
    const FeedPoint point = TRY(at(number));
    out.push_back({.number = static_cast<std::int64_t>(number), .hash = to_hex(point.hash)});
    if (number == 0) return out;
    back = back == 0 ? 1 : back * 2;
  }
}

Result<crypto::Sha256> FeedHistory::issuer_octets(ledger::IssuerId id) {
  const std::lock_guard lock(mutex_);
  return issuers_.octets_of(id);
}

Result<ledger::IssuerId> FeedHistory::find_issuer(const crypto::Sha256& octets) {
  const std::lock_guard lock(mutex_);
  return issuers_.find(octets);
}

}  // namespace symbolon::authority
